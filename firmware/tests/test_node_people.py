"""The counter of people by direction: totals over power cuts, closed intervals, the unknown."""

import struct

from tests.test_node_profiles import PEOPLE, make

# isort: split
from node.profiles.people import Profile  # noqa: F401 - the module under test
from node.store import Store
from wire import codec

QUARTER_US = 900000000
MINUTE_US = 60000000


class Counter:
    """A profile whose samples come as `node.app` takes them: each minute, and at an end."""

    def __init__(self, path=None, unix_s=None, **settings):
        self.one = make("people", path)
        self.one.node.config.update(settings)
        self.clock = self.one.node.clock
        if unix_s is not None:
            self.clock.unix_us = unix_s * 1000000
        self.people = dict(PEOPLE)
        self.sent = []  # (clock us, fields) of reports
        self._next_us = 0

    def sample(self):
        fields = self.one.fields({"people": dict(self.people)})
        due = self.one.due(False)
        self.one.save()
        codec.pack("people", dict(fields, seq=1, age=0))
        if due:
            self.sent.append((self.clock.now_us, fields))
        return fields

    def run(self, minutes, inbound=0, outbound=0):
        """Lets so many minutes pass, with so many passages in each."""
        end_us = self.clock.now_us + minutes * MINUTE_US
        while self.clock.now_us < end_us:
            usual_us = self.clock.now_us + MINUTE_US
            self.clock.now_us = min(usual_us, self.one.ends_us)
            self.people["inbound"] += inbound
            self.people["outbound"] += outbound
            self.sample()


def closed(counter):
    """Reports that close an interval, as (inbound, outbound, partial)."""
    keys = ("inbound", "outbound", "partial")
    return [tuple(one[key] for key in keys) for _, one in counter.sent if not one["open"]]


def test_intervals_end_on_utc_quarter_hours_and_the_first_is_partial():
    counter = Counter(unix_s=1000 * 900 + 437)
    counter.sample()
    counter.run(60, inbound=1)

    ends = [now_us + counter.clock.unix_us for now_us, _ in counter.sent]
    assert [end % QUARTER_US for end in ends] == [0, 0, 0, 0]
    assert [one[2] for one in closed(counter)] == [1, 0, 0, 0]


def test_an_interval_counts_what_passed_in_it_and_0_is_counted():
    counter = Counter(unix_s=900)
    counter.sample()
    counter.run(15, inbound=2, outbound=1)
    counter.run(15)
    counter.run(15, outbound=3)

    assert closed(counter) == [(30, 15, 1), (30, 15, 0), (30, 60, 0)]


def test_blind_beams_are_not_counted_which_is_not_0():
    counter = Counter(unix_s=900)
    counter.sample()
    counter.run(15, inbound=1)
    counter.people["blind"] = 1
    counter.run(15)
    counter.people["blind"] = 0
    counter.run(5)
    counter.people["blind"] = 1
    counter.run(2)
    counter.people["blind"] = 0
    counter.run(8, inbound=1)
    counter.run(15)

    assert closed(counter) == [(15, 0, 1), (None, None, 1), (23, 0, 1), (23, 0, 0)]


def test_totals_survive_a_power_cut_and_the_hole_is_told():
    counter = Counter(unix_s=900)
    counter.sample()
    counter.run(20, inbound=2, outbound=1)
    again = Counter(counter.one.node.path, unix_s=900 + 7200 + 60)
    assert again.sample()["inbound"] == 40
    again.run(29, inbound=1)

    assert closed(again) == [(54, 20, 1), (69, 20, 0)]


def test_totals_are_on_flash_after_each_sample_that_changed_them_and_no_other():
    counter = Counter(unix_s=900)
    writes = []
    counter.one.node.store.save = lambda name, data: writes.append(name)
    counter.run(3, inbound=1)
    counter.run(5)
    assert writes == ["people"] * 3


def test_without_the_time_readings_are_open_and_come_as_usual():
    counter = Counter()
    assert counter.sample()["open"] == 1
    assert counter.one.due(True) and not counter.one.due(False)
    counter.clock.unix_us = 900000000
    counter.run(30, inbound=1)
    assert closed(counter) == [(15, 0, 1), (30, 0, 0)]


def test_a_clock_that_is_set_makes_its_interval_partial():
    for shift_us, partial in ((40 * MINUTE_US, 1), (-40 * MINUTE_US, 1), (-5000, 0), (5000, 0)):
        counter = Counter(unix_s=900)
        counter.sample()
        counter.run(15)
        counter.clock.unix_us += shift_us
        counter.run(40, inbound=1)
        flags = [one["partial"] for _, one in counter.sent]
        assert flags[1] == partial, (shift_us, counter.sent)
        assert flags[-1] == 0


def test_a_sample_that_comes_late_is_told():
    counter = Counter(unix_s=900)
    counter.sample()
    counter.run(15)
    counter.clock.now_us += 14 * MINUTE_US
    counter.clock.now_us += 100000000
    late = counter.sample()
    assert (late["open"], late["partial"]) == (1, 1)
    counter.run(31)
    assert [one["partial"] for _, one in counter.sent[-2:]] == [1, 0]


def test_a_report_on_demand_closes_nothing():
    counter = Counter(unix_s=900)
    counter.sample()
    counter.run(17, inbound=1)
    for _ in range(3):
        assert counter.one.fields({"people": counter.people})["open"] == 1
    counter.run(13, inbound=1)
    assert closed(counter) == [(15, 0, 1), (30, 0, 0)]


def test_an_hour_is_an_interval_too_and_none_is_shorter_than_5_minutes():
    for report_s, minutes, ends in ((3600, 120, 2), (60, 20, 4)):
        counter = Counter(unix_s=86400, report_s=report_s)
        counter.sample()
        counter.run(minutes)
        assert len(closed(counter)) == ends, report_s


def test_hidden_people_grow_with_the_flow_and_the_raw_totals_stay():
    for passing, hidden in ((0, 0), (2, 1), (10, 5), (20, 10), (40, 20), (90, 28)):
        counter = Counter(unix_s=900)
        counter.sample()
        counter.run(15)
        counter.run(15, inbound=passing)
        last = counter.sent[-1][1]
        assert (last["hidden"], last["inbound"]) == (hidden, 15 * passing), passing
    off = Counter(unix_s=900, hidden_pct=0)
    off.run(16, inbound=50)
    assert off.sample()["hidden"] == 0


def test_many_breaks_that_are_no_passage_are_suspect():
    counter = Counter(unix_s=900)
    counter.run(20, inbound=1)
    assert counter.sample()["suspect"] == 0
    counter.people["unclear"] = 40
    assert counter.sample()["suspect"] == 1
    counter.run(25, inbound=1)
    assert counter.sample()["suspect"] == 0


def test_a_total_wraps_at_a_million_and_goes_on_from_flash():
    counter = Counter(unix_s=900)
    path = counter.one.node.path
    Store(path + "/state").save("people", struct.pack("<II", 999998, 5))
    again = Counter(path, unix_s=900)
    again.people["inbound"] = 3
    assert again.sample()["inbound"] == 1
    assert Store(path + "/state").load("people") == struct.pack("<II", 1000001, 5)
