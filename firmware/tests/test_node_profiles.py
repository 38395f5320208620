"""The contract of every file in node/profiles, and the fields that each makes of its sensors."""

import os
import struct

from tests.fake_device import Clock, Log, folder

# isort: split
from node import defaults, ranging, settings, sound
from node.content import fill_percent
from node.defaults import complete
from node.errors import ConfigError
from node.journal import Journal
from node.store import Store
from wire import codec, schema
from wire.all_profiles import PROFILES
from wire.words import PROFILES as WORDS

HERE = __file__.rsplit("/", 1)[0]
FOLDER = HERE + "/../node/profiles"
NAMES = sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py") and name[0] != "_")
ECHO = {"distance": 700, "valid": 7, "spread": 3, "obstructed": 0}
MOTION = {"total": 0, "presence": 0, "warm": 1}
PEOPLE = {"inbound": 0, "outbound": 0, "unclear": 0, "blind": 0}
LIGHT = {"lux": 12, "saturated": 0}
FIELD = {"x": 20000, "y": -4000, "z": -43000}
SENSED = {
    "distance": ECHO, "light": LIGHT, "motion": MOTION, "people": PEOPLE, "field": FIELD
}  # fmt: skip


class Config(dict):
    boots = 19
    version = 0

    def given(self, name):
        return name in self.get("given", ())


class Power:
    millivolts = 3600

    def battery_mv(self):
        return self.millivolts

    def low(self):
        return self.millivolts < 3300


class Board:
    PINS = {"lamp": 6}


class Node:
    """As much of a node as profiles ask for, over a folder."""

    board = Board()

    def __init__(self, name, path=None):
        self.path = path or folder()
        self.sensors = {}
        self.wake = None
        self.stirred = False
        self.config = Config(complete({"profile": name}))
        self.power, self.clock, self.log = Power(), Clock(), Log()
        self.store = Store(self.path + "/state")
        self.journal = Journal(self.store, self.path + "/journal")


def make(name, path=None):
    module = __import__("node.profiles." + name, None, None, ["*"])
    return module.Profile(Node(name, path))


def packed(name, fields):
    return len(codec.pack(name, dict(fields, seq=1, age=0)))


def test_every_profile_has_its_facts_its_file_and_its_number():
    assert sorted(PROFILES) == NAMES
    for name, facts in PROFILES.items():
        assert name in WORDS
        assert facts["class"] in ("A", "C")
        assert schema.PAYLOADS[facts["payload"]][0] < schema.FIRST_REPORT
        assert facts["roles"]
        assert 10 <= facts["sample_s"] <= facts["report_s"] <= 86400
        for setting, (default, _, _) in facts["settings"].items():
            assert settings.check(setting, default) == default, setting
        for lower, difference, upper, sentence in facts["ordered"]:
            below, above = facts["settings"][lower][0], facts["settings"][upper][0]
            assert below + difference <= above and sentence, name


def test_no_two_profiles_have_a_setting_of_one_name():
    names = [setting for facts in PROFILES.values() for setting in facts["settings"]]
    names += defaults.DEFAULTS
    assert len(names) == len(set(names))


def test_settings_that_contradict_each_other_are_refused_at_their_limit():
    for facts in PROFILES.values():
        for lower, difference, upper, sentence in facts["ordered"]:
            config = {}
            for one in PROFILES:
                config.update(defaults.complete({"profile": one}))
            config[lower] = config[upper] - difference
            settings.together(config)
            config[lower] += 1
            try:
                settings.together(config)
                raise AssertionError(lower)
            except ConfigError as error:
                assert str(error) == sentence


def test_every_profile_makes_the_fields_of_its_payload():
    for name in NAMES:
        one = make(name)
        roles = {role: SENSED[role] for role in one.roles}

        fields = one.fields(roles)

        rows = codec.entry(one.payload)[1]
        needed = {row[0] for row in rows[2:] if not row[5]}
        assert needed <= set(fields) <= {row[0] for row in rows[2:]}, name
        assert packed(one.payload, fields) == 10
        assert one.changed(fields, fields) is False
        assert one.sleeper == (PROFILES[name]["class"] == "A")


class Ranger:
    """A driver of a ranger that computes by one speed of sound."""

    sound_mm_s = 340000


class Light:
    """A driver of a ranger that knows no sound."""


def test_a_bin_corrects_its_ranger_by_the_air_where_a_thermometer_is_fitted():
    def measured(celsius, ranger, distance=1000):
        module = __import__("node.profiles.bin", None, None, ["*"])
        node = Node("bin")
        one = module.Profile(node)
        assert one.optional == ("temperature", "tilt")
        node.sensors = {"distance": ranger}
        air = None if celsius is None else {"temperature": celsius}
        node.sensed = {"distance": dict(ECHO, distance=distance), "temperature": air}
        fields = one.fields(node.sensed)
        return fields["distance"], fields["fill"]

    assert measured(-2000, Ranger()) == (938, 26)
    assert measured(0, Ranger()) == (974, 23)
    assert measured(3500, Ranger()) == (1035, 17)
    assert measured(3500, Ranger(), None) == (None, None)
    assert measured(None, Ranger()) == (1000, 20)
    assert measured(3500, Light()) == (1000, 20)


def test_the_speed_of_sound_is_that_of_the_square_root_within_two_thousandths():
    for celsius in range(-40, 86):
        exact = 331300 * (1 + celsius / 273.15) ** 0.5
        assert abs(sound.speed_mm_s(celsius * 100) - exact) < 0.002 * exact, celsius
    assert sound.speed_mm_s(0) == 331300
    assert abs(sound.speed_mm_s(2000) - 343200) < 30  # 343.2 m/s at 20 degrees


def test_a_change_is_urgent_by_the_amount_of_the_setting_or_where_a_value_comes_or_goes():
    one = make("bin")
    for before, now, urgent in (
        (50, 54, 0),
        (50, 55, 1),
        (50, 45, 1),
        (50, None, 1),
        (None, 9, 1),
    ):
        assert one.changed({"fill": before}, {"fill": now}) == urgent, (before, now)
    assert make("lamp").changed({"why": 3, "level": 9}, {"why": 4, "level": 9})
    assert not make("counter").changed({"total": 3}, {"total": 400})


def test_a_level_that_a_ramp_reached_is_urgent():
    one = make("lamp")
    one.lamp.token = 7
    assert not one.changed({"why": 5, "level": 100}, {"why": 5, "level": 84})
    one.lamp.token = None
    assert one.changed({"why": 5, "level": 84}, {"why": 5, "level": 10})
    assert not one.changed({"why": 5, "level": 10}, {"why": 5, "level": 10})


def test_fill_is_measured_from_the_empty_bottom_and_stays_within_the_scale():
    for distance, fill in ((1200, 0), (1500, 0), (700, 50), (200, 100), (30, 100), (1195, 1)):
        assert fill_percent(distance, 1200, 1000) == fill, distance


def test_a_bin_reading_says_how_far_it_can_be_trusted():
    fields = make("bin").fields({"distance": ECHO})

    assert (fields["fill"], fields["distance"], fields["battery"]) == (50, 700, 3600)
    assert (fields["suspect"], fields["uncalibrated"], fields["low_battery"]) == (0, 1, 0)
    assert packed("bin", fields) == 10


def test_a_node_on_a_low_cell_reports_four_times_as_rarely_and_says_so():
    one, mains = make("bin"), make("people")
    assert one.fields(SENSED)["low_battery"] == 0
    assert one.report_s() == 3600

    one.node.power.millivolts = mains.node.power.millivolts = 3200
    assert one.fields(SENSED)["low_battery"] == mains.fields(SENSED)["low_battery"] == 1
    assert (one.report_s(), mains.report_s()) == (14400, 900)
    one.node.config["report_s"] = 43200
    assert one.report_s() == 86400

    one.node.power.millivolts = 3600
    one.fields(SENSED)
    assert one.report_s() == 43200


def test_few_or_spread_echoes_are_suspect():
    one = make("bin")
    assert one.fields({"distance": dict(ECHO, valid=4)})["suspect"] == 1
    assert one.fields({"distance": dict(ECHO, spread=30)})["suspect"] == 1


def test_an_overflowing_bin_is_full_and_believed():
    for mm in (20, 5, 29, 31):
        fields = make("bin").fields({"distance": ranging.judge([mm] * 7, 30, 4500)})
        assert (fields["fill"], fields["obstructed"], fields["suspect"]) == (100, 1, 0), mm
        assert packed("bin", fields) == 10


def test_an_absent_sensor_gives_no_value_and_says_so():
    fields = make("bin").fields({"distance": None})

    assert (fields["fill"], fields["distance"], fields["suspect"]) == (None, None, 1)
    assert packed("bin", fields) == 10
    fields = make("lamp").fields({"light": None, "motion": MOTION})
    assert (fields["lux"], fields["suspect"]) == (None, 1)
    assert packed("lamp", fields) == 10


def readings(one, count, sensed, every_s=600):
    """The fields of so many readings, and the time between them passes."""
    found = []
    for _ in range(count):
        found.append(one.fields(dict(sensed)))
        one.node.clock.now_us += every_s * 1000000
    return found


def suspects(found):
    return sum(fields["suspect"] for fields in found)


def test_a_surface_that_stands_still_is_no_stuck_sensor_before_three_days():
    one = make("bin")
    still = {"distance": dict(ECHO, spread=0)}
    assert suspects(readings(one, 432, still)) == 0
    assert suspects(readings(one, 10, still)) == 10
    assert one.node.log.lines == ["sensor: it says 700 again and again; clean it, or replace it"]
    assert suspects(readings(one, 1, {"distance": ECHO})) == 0
    full = {"distance": {"distance": 30, "valid": 7, "spread": 0, "obstructed": 1}}
    assert suspects(readings(one, 1, full)) == 1  # a jump is measured again
    assert suspects(readings(one, 1000, full)) == 0


def lit(one):
    """The level that the rules set now, and why."""
    return one.lamp.rules.decide(one.node.clock.uptime_s(), 0)


def test_daylight_that_does_not_change_is_not_obeyed():
    one = make("lamp")
    stuck = {"light": {"lux": 300, "saturated": 0}, "motion": MOTION}
    assert suspects(readings(one, 60, stuck, 30)) == 0
    assert lit(one) == (0, 2)
    night = readings(one, 1200, stuck, 30)
    assert suspects(night) == 1200
    assert lit(one) == (100, 0)
    readings(one, 1, {"light": {"lux": 301, "saturated": 0}, "motion": MOTION}, 30)
    assert lit(one) == (0, 2)


def test_light_that_is_absent_or_stuck_in_the_dark_leaves_the_lamp_on():
    one = make("lamp")
    for sensed in ({"light": None}, {"light": {"lux": 7, "saturated": 0}}):
        sensed["motion"] = MOTION
        readings(one, 2500, sensed, 30)
        assert one.fields(sensed)["suspect"] == 1
        one.heard()
        assert lit(one) == (100, 0)


def test_the_suns_glare_and_the_deep_night_are_not_stuck():
    for lux, saturated in ((121556, 1), (0, 0)):
        one = make("lamp")
        sensed = {"light": {"lux": lux, "saturated": saturated}, "motion": MOTION}
        assert suspects(readings(one, 2500, sensed, 30)) == 0


def test_the_lamp_reports_ambient_light_and_remembers_its_own():
    one = make("lamp")
    one.node.config["night_level"] = 60
    dimmer = one.lamp.dimmer
    one.lamp.settled = lambda: True
    found = []
    for level, lux in ((100, 105), (0, 5), (60, 65)):
        dimmer.level = level
        found += readings(one, 1, {"light": {"lux": lux, "saturated": 0}, "motion": MOTION}, 30)
    assert [fields["lux"] for fields in found] == [105, 5, 5]
    one.save()
    again = make("lamp", one.node.path)
    assert again.photocell.gain == 100
    again.save()


def test_passages_count_from_reading_to_reading():
    one = make("lamp")
    one.lamp.passages = 3
    sensed = {"light": {"lux": 12, "saturated": 0}, "motion": dict(MOTION, presence=1)}

    measured = one.fields(sensed)  # for the console, or between two readings
    one.lamp.passages += 1
    first = one.fields(sensed)
    one.lamp.passages += 2  # while it is written
    one.taken(first)
    second = one.fields(sensed)

    assert [each["passages"] for each in (measured, first, second)] == [3, 4, 2]
    assert (first["level"], first["why"], first["lux"], first["presence"]) == (100, 0, 12, 1)


def counted(one, passed):
    return one.fields({"motion": dict(MOTION, total=passed)})["total"]


def test_the_total_goes_on_over_restarts():
    one = make("counter")
    assert [counted(one, passed) for passed in (2, 2, 5)] == [2, 2, 5]
    one.save()
    counted(one, 9)  # not saved: lost with the power

    again = make("counter", one.node.path)

    assert counted(again, 0) == 5
    assert counted(again, 1) == 6


def test_the_total_is_written_only_when_it_changed():
    one = make("counter")
    writes = []
    one.node.store.save = lambda name, data: writes.append(name)
    one.save()
    counted(one, 1)
    one.save()
    one.save()
    assert writes == ["counter"]


def test_a_total_beyond_32_bits_wraps():
    path = folder()
    Store(path + "/state").save("counter", struct.pack("<I", 0xFFFFFFFF))

    assert counted(make("counter", path), 2) == 1


def test_the_total_of_firmware_0_1_0_carries_over():
    path = folder()
    Store(path + "/state").save("tail", struct.pack("<HIHHH", 7, 70000, 0, 0, 7))

    one = make("counter", path)
    assert counted(one, 3) == 70003
    one.save()

    assert counted(make("counter", path), 1) == 70004


def test_another_profile_meanwhile_loses_no_total_of_firmware_0_1_0():
    path = folder()
    Store(path + "/state").save("tail", struct.pack("<HIHHH", 7, 70000, 0, 0, 7))
    make("bin", path).node.journal.add(1, 100, 0, 10, b"reading")

    assert counted(make("counter", path), 0) == 70000


def test_presence_without_end_is_a_stuck_sensor():
    one = make("counter")
    here = {"motion": dict(MOTION, total=1, presence=1)}
    assert one.fields(here)["suspect"] == 0
    one.node.clock.now_us = 601 * 1000000
    assert one.fields(here)["suspect"] == 1
    assert one.fields({"motion": dict(MOTION, total=1)})["suspect"] == 0
