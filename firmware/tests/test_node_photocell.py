"""A photocell that sees its own lamp: what it takes for day and night, and how often it errs."""

from tests.fake_device import Log

# isort: split
from node.lamp import Rules
from node.photocell import Photocell
from node.stuck import Stuck
from tests.test_node_lamp import SETTINGS

NIGHT, DAY = 5, 500
SAMPLE_S = 30


class Street:
    """A lamp whose photocell gets `own` lx of it at 100 %; an hour is 120 readings."""

    def __init__(self, own, gain=None, **changes):
        config = dict(SETTINGS, **changes)
        self.own = own
        self.rules = Rules(config)
        self.rules.heard(1 << 28)
        self.photocell = Photocell(config, gain)
        self.level = 100
        self.now_s = 0
        self.switchings = 0
        self.dark_s = 0

    def read(self, daylight):
        """One reading, and what the rules make of it."""
        lux = daylight + self.own * self.level // 100
        ambient = self.photocell.ambient(lux, self.level, True, self.now_s)
        self.photocell.judge(ambient, self.now_s)
        self.rules.night = self.photocell.night
        level = self.rules.decide(self.now_s, 0)[0]
        self.switchings += (level > 0) != (self.level > 0)
        self.level = level
        self.now_s += SAMPLE_S
        if not level:
            self.dark_s += SAMPLE_S
        return ambient

    def hour(self, daylight):
        """Switchings within it, seconds of it that were dark."""
        self.switchings = self.dark_s = 0
        for _ in range(3600 // SAMPLE_S):
            self.read(daylight)
        return self.switchings, self.dark_s


def test_a_change_needs_a_minute_of_it():
    street = Street(0)
    street.level = 0
    for now_s, lux, night in (
        (0, DAY, False), (30, NIGHT, False), (60, DAY, False), (90, NIGHT, False),
        (120, NIGHT, False), (150, NIGHT, True), (180, 30, True), (210, 49, True),
        (240, DAY, True), (270, DAY, True), (300, NIGHT, True),
    ):  # fmt: skip
        assert street.now_s == now_s
        street.read(lux)
        assert street.photocell.night is night, now_s


def test_own_light_in_the_photocell_switches_nothing():
    """On in the dark: one look without the lamp, and it is known for good."""
    for own in (60, 100, 400, 3000):
        street = Street(own)
        switchings, dark_s = street.hour(1)
        assert switchings <= 2, (own, switchings)
        assert dark_s <= SAMPLE_S, (own, dark_s)
        assert street.hour(1) == (0, 0), own
        assert abs(street.photocell.gain - own) <= own // 10, own
        assert street.read(1) <= 2 + own // 50, own
        again = Street(own, gain=street.photocell.gain)
        assert again.hour(1) == (0, 0), own


def test_own_light_keeps_the_lamp_on_at_dusk_and_lets_it_off_at_dawn():
    for own in (0, 60, 400):
        street = Street(own)
        for lux in list(range(2000, 0, -10)) + [1] * 600 + list(range(1, 2000, 10)):
            street.read(lux)
        assert street.switchings == 3, own  # off, as it is day; on at dusk; off at dawn
        assert street.level == 0


def test_light_that_follows_the_lamp_but_is_not_its_own_is_damped():
    """A neighbour copies the lamp's steps some readings later: not to be learned from a step."""
    street = Street(0)
    levels = [0] * 10
    counts = []
    for _ in range(4):
        street.switchings = 0
        for _ in range(3600 // SAMPLE_S):
            levels.append(street.level)
            street.read(1 + 2 * levels[-6])
        counts.append(street.switchings)
    assert max(counts) <= 12, counts
    assert counts[-1] <= 4, counts


def test_a_reading_during_a_ramp_teaches_nothing():
    one = Photocell(dict(SETTINGS))
    one.ambient(100, 100, True, 0)
    one.ambient(50, 40, False, 30)
    assert one.gain is None
    one.ambient(40, 40, True, 60)
    assert one.gain == 100


def test_daylight_and_long_gaps_teach_nothing():
    one = Photocell(dict(SETTINGS))
    one.ambient(5000, 100, True, 0)
    one.ambient(4000, 0, True, 30)
    one.ambient(180, 0, True, 60)
    one.ambient(240, 60, True, 181)
    assert one.gain is None


def test_a_reading_that_cannot_be_believed_is_forgotten():
    one = Photocell(dict(SETTINGS))
    one.judge(DAY, 0)
    one.lost()
    assert one.night is None
    one.judge(NIGHT, 30)
    assert one.night is True


def test_stuck_means_many_readings_over_a_time():
    log = Log()
    one = Stuck(log)
    assert not any(one.seen(300, at * 30, 1800) for at in range(60))
    assert one.seen(300, 1800, 1800)
    assert one.seen(300, 1830, 1800)
    assert log.lines == ["sensor: it says 300 again and again; clean it, or replace it"]
    assert not one.seen(301, 1860, 1800)
    assert not one.seen(301, 90000, 1800)  # two readings a day apart
    assert not any([one.seen(None, at * 30, 1800) for at in range(300)])  # noqa: C419 - all
