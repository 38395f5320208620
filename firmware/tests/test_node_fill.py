"""What a bin concludes: shapes, jumps, emptied, overflow, what is in the way, lean, fire."""

from tests.test_node_profiles import ECHO, make

# isort: split
from node.content import fill_percent
from node.kinds import shape as shapes
from node.ranging import judge
from node.settings import check
from wire.enums import ENUMS

DEEP_US = 1 << 59


def told(word):
    """Number of a word of `event` or `alarm`."""
    for names in (ENUMS["event"], ENUMS["alarm"]):
        if word in names:
            return names.index(word)
    raise AssertionError(word)


class Ranger:
    """A driver that is told how far an echo may come from."""


def bin_of(**settings):
    one = make("bin")
    one.node.sensors["distance"] = Ranger()
    one.node.config.update(settings)
    return one


def measured(one, distance=None, after_s=600, **sensed):
    """The fields of a measurement so long after the one before; it is journaled."""
    one.node.clock.now_us += after_s * 1000000
    sensed["distance"] = dict(ECHO, distance=distance) if type(distance) is int else distance
    one.node.sensed = sensed
    fields = one.fields(sensed)
    one.save()
    return fields


# --- shapes -----------------------------------------------------------------------------------


def test_a_wheelie_at_half_its_height_is_at_two_fifths_of_its_volume():
    # domain figures: bottom half the area of the top, so 71 % as wide: 41.5 % of the volume
    assert shapes.percent(71, 500, 1000) == 42
    assert fill_percent(700, 1200, 1000, 71) == 42
    assert [shapes.percent(71, mm, 1000) for mm in (0, 1000)] == [0, 100]


def test_a_lying_cylinder_fills_slowly_at_its_ends():
    # segment of a circle: acos(1 - 2 h) less its triangle, by pi
    for mm, fill in ((0, 0), (100, 5), (250, 20), (500, 50), (750, 80), (900, 95), (1000, 100)):
        assert shapes.percent("lying", mm, 1000) == fill, mm


def test_measured_points_are_joined_by_straight_lines():
    points = [[20, 5], [60, 45]]
    for mm, fill in ((0, 0), (100, 3), (200, 5), (400, 25), (600, 45), (800, 73), (1000, 100)):
        assert shapes.percent(points, mm, 1000) == fill, mm


def test_every_shape_rises_from_empty_to_full():
    for shape in ("lying", 10, 50, 71, 99, [[50, 50]], [[1, 0], [99, 100]]):
        found = [shapes.percent(shape, mm, 1370) for mm in range(1371)]
        assert found[0] == 0 and found[-1] == 100, shape
        assert found == sorted(found), shape


def test_a_shape_that_is_none_is_refused_with_what_it_may_be():
    for right in ("prism", "lying", 10, 99, [[20, 5], [60, 45]], [[1, 0]] * 1):
        assert check("shape", right) == right
    for wrong in ("cone", 9, 100, True, [], [[20, 5], [10, 45]], [[20, 50], [60, 45]], [[0, 5]],
                  [[20, 101]], [[20]], [20], [[20, 5.5]], [["20", 5]], [[1, 1]] * 2,
                  [[at, at] for at in range(1, 12)], None):  # fmt: skip
        try:
            check("shape", wrong)
        except ValueError as error:
            assert "shape: expected prism, lying, 10 to 99" in str(error), wrong
        else:
            raise AssertionError(wrong)


def test_the_setting_of_the_shape_is_used():
    one = bin_of(shape=71)
    assert measured(one, 700)["fill"] == 42
    assert one.node.config["height_mm"] == 1000


# --- jumps, emptied, overflow -----------------------------------------------------------------


def test_a_rise_is_measured_again_before_it_is_sent():
    one = bin_of()
    before = measured(one, 1000)
    found = measured(one, 700)
    assert (found["fill"], found["suspect"], one.changed(before, found)) == (50, 1, False)
    assert one.ends_us == one.node.clock.now_us + 10000000
    again = measured(one, 702, after_s=10)
    assert (again["fill"], again["suspect"], one.changed(before, again)) == (50, 0, True)
    assert one.ends_us > DEEP_US
    assert again["event"] == 0


def test_a_fall_without_a_tilt_is_emptied_once_two_more_measurements_say_so():
    one = bin_of()
    before = measured(one, 500)
    for after_s in (600, 10):
        found = measured(one, 1100, after_s)
        assert (found["fill"], found["suspect"], found["event"]) == (10, 1, 0)
        assert not one.changed(before, found)
    emptied = measured(one, 1102, 10)
    assert (emptied["suspect"], emptied["event"]) == (0, told("emptied"))
    assert one.changed(before, emptied)
    after = measured(one, 1100)
    assert after["event"] == 0
    assert not one.changed(emptied, after)


def test_a_stray_reading_is_no_emptying():
    one = bin_of()
    measured(one, 500)
    assert measured(one, 1150)["event"] == 0
    for distance in (501, 499, 500):
        found = measured(one, distance, 10)
        assert (found["event"], found["suspect"], found["fill"]) == (0, 0, 70)


def test_that_it_was_emptied_is_told_even_where_a_person_measured_it_meanwhile():
    one = bin_of()
    measured(one, 500)
    measured(one, 1100)
    measured(one, 1100)
    one.fields({"distance": dict(ECHO, distance=1100)})  # `measure` at the console: not journaled
    assert measured(one, 1100)["event"] == told("emptied")


def test_other_settings_are_no_emptying():
    one = bin_of()
    measured(one, 500)
    one.node.config["empty_mm"] = 600
    one.node.config["height_mm"] = 400
    one.node.config.version = 1
    found = measured(one, 500)
    assert (found["fill"], found["event"], found["suspect"]) == (25, 0, 0)


def test_what_stands_above_the_mark_is_an_overflow_and_noise_at_the_mark_is_none():
    one = bin_of()
    before = measured(one, 210)
    for distance in (205, 200, 195, 180, 171):
        assert measured(one, distance)["event"] == 0, distance
    over = measured(one, 165)
    assert (over["fill"], over["event"]) == (100, told("overflow"))
    assert one.changed(before, over)
    for distance in (172, 168, 190):
        found = measured(one, distance)
        assert found["event"] == told("overflow"), distance
        assert not one.changed(over, found)
    assert measured(one, 215)["event"] == 0
    near = measured(one, judge([20] * 7, 30, 4500))  # in the blind zone
    assert (near["event"], near["obstructed"], near["fill"]) == (told("overflow"), 1, 100)


# --- what is in the way -------------------------------------------------------------------------


def test_a_bracket_before_the_sensor_is_believed_after_three_days():
    one = bin_of()
    bracket = judge([100, 101, 102, 800, 801, 802, 803], 30, 4500)
    found = [measured(one, dict(bracket)) for _ in range(440)]
    assert {fields["distance"] for fields in found} == {802}
    assert [found[at]["obstructed"] for at in (0, 430, 433, 439)] == [1, 1, 0, 0]
    measured(one, 800)
    assert measured(one, dict(bracket))["obstructed"] == 1


def test_a_bag_that_sticks_up_is_obstructed_however_long_and_not_nearly_empty():
    one = bin_of()
    bag = judge([400, 401, 402, 1100, 1101, 1102, 1103], 30, 4500)
    for _ in range(450):
        found = measured(one, dict(bag))
    assert (found["distance"], found["obstructed"], found["fill"]) == (401, 1, 80)


def test_echoes_from_behind_the_bottom_are_left_out_once_it_was_measured():
    one = bin_of()
    ranger = one.node.sensors["distance"]
    one.ready()
    assert ranger.most_mm > 5000
    one.node.config["given"] = ("empty_mm",)
    one.node.config["empty_mm"] = 900
    measured(one, 800)
    assert ranger.most_mm == 990
    echo = judge([700, 701, 1402, 1403, 1400, 702, 703], 30, min(4500, ranger.most_mm))
    assert (echo["distance"], echo["valid"], echo["obstructed"]) == (702, 4, 0)


# --- lean ---------------------------------------------------------------------------------------


class Lis:
    """A tilt sensor without an interrupt."""

    line = None


def leaning():
    one = bin_of()
    one.node.sensors["tilt"] = Lis()
    return one


def lean(angle, shock=0):
    return {"tilt": angle, "shock": shock}


def test_while_it_leans_the_last_fill_stands_and_says_so():
    one = leaning()
    assert measured(one, 1100, tilt=lean(45))["fill"] is None
    assert measured(one, 700, 4000, tilt=lean(20))["tilted"] == 0
    found = measured(one, 1100, tilt=lean(21))
    assert (found["fill"], found["tilted"], found["tilt"], found["alarm"]) == (50, 1, 21, 0)
    assert one.ends_us == one.node.clock.now_us + 2000000
    assert measured(one, 702, 4000, tilt=lean(3))["fill"] == 50


def test_it_was_emptied_when_it_was_tipped_out_and_stands_again():
    one = leaning()
    before = measured(one, 700, tilt=lean(2))
    for angle in (50, 130, 160, 90):
        found = measured(one, 60, 4, tilt=lean(angle))
        assert (found["fill"], found["event"], found["tilted"]) == (50, 0, 1)
    emptied = measured(one, 1150, 4, tilt=lean(1))
    assert (emptied["fill"], emptied["event"], emptied["suspect"]) == (5, told("emptied"), 0)
    assert one.changed(before, emptied)


def test_a_lid_that_was_opened_or_a_bin_that_was_turned_slowly_is_not_emptied():
    for angles, after_s in (((95, 95, 95), 4), ((120, 120, 120), 20)):
        one = leaning()
        measured(one, 700, tilt=lean(2))
        for angle in angles:
            measured(one, 60, after_s, tilt=lean(angle))
        assert measured(one, 850, after_s, tilt=lean(1))["event"] == 0


def test_a_bin_that_lies_for_a_minute_has_fallen():
    one = leaning()
    before = measured(one, 700, tilt=lean(2))
    alarms = [measured(one, 60, 15, tilt=lean(90))["alarm"] for _ in range(6)]
    assert alarms == [0, 0, 0, 0, 0, told("dropped")]
    assert one.ends_us > DEEP_US, "it is watched no longer"
    found = measured(one, 60, 600, tilt=lean(88))
    assert (found["alarm"], one.changed(before, found)) == (told("dropped"), True)
    assert measured(one, 700, 600, tilt=lean(0))["alarm"] == 0


def test_a_shock_is_an_alarm_and_a_silent_tilt_sensor_is_no_upright_one():
    one = leaning()
    assert measured(one, 700, tilt=lean(2, shock=1))["alarm"] == told("shock")
    silent = measured(one, 700, tilt=None)
    assert (silent["alarm"], silent.get("tilted"), silent.get("tilt")) == (0, None, None)
    assert silent["fill"] == 50
    assert measured(one, 700, tilt=lean(180))["tilt"] == 168


def test_an_edge_asks_for_a_measurement_at_once():
    one = leaning()
    handlers = []
    Lis.line = "INT1"
    one.node.power.on_rising = lambda pin, handler: handlers.append((pin, handler))

    async def story():
        measured(one, 700, tilt=lean(2))
        measured(one, 700, tilt=lean(2))
        ((pin, handler),) = handlers
        handler(pin)
        assert (pin, one.node.stirred) == ("INT1", True)

    import asyncio

    asyncio.run(story())
    Lis.line = None


# --- fire ---------------------------------------------------------------------------------------


def warmed(degrees, every_s=600, one=None):
    """[alarm of each measurement] at these degrees Celsius; a second one follows where asked."""
    one = one or bin_of()
    found = []
    for celsius in degrees:
        fields = measured(one, 700, every_s, temperature={"temperature": int(celsius * 100)})
        while one.ends_us <= one.node.clock.now_us + 20000000:
            fields = measured(one, 700, 10, temperature={"temperature": int(celsius * 100)})
            if one.ends_us < one.node.clock.now_us:
                break
        found.append(fields["alarm"])
    return found


def test_a_lid_in_the_sun_is_no_fire():
    sun = [20 + at * 0.4 * 10 for at in range(14)]  # to 72 degrees in 2 hours
    assert set(warmed(sun)) == {0}
    assert set(warmed([62, 63, 62, 64, 61])) == {0}
    assert set(warmed([15, 35, 39])) == {0}


def test_a_fire_is_found_by_its_rate_by_its_level_and_by_both():
    for degrees in ([20, 45, 50, 56], [30, 70], [84, 86], [25, 26, 95]):
        every_s = 60 if degrees[1] == 45 else 600
        assert told("fire") in warmed(degrees, every_s), degrees


def test_the_level_of_a_fire_is_a_setting():
    assert told("fire") not in warmed([30, 55])
    one = bin_of(fire_c=50)
    assert told("fire") in warmed([30, 55], one=one)


def test_a_wild_temperature_alone_is_no_fire():
    one = bin_of()
    air = [{"temperature": value} for value in (2000, 9000, 2010, 2000)]
    found = [measured(one, 700, after_s, temperature=air[at])["alarm"]
             for at, after_s in enumerate((600, 600, 10, 600))]  # fmt: skip
    assert found == [0, 0, 0, 0]


def test_a_fire_is_sent_at_once_three_times_and_lasts_until_it_is_cool():
    one = bin_of()
    hot = {"temperature": {"temperature": 8000}}
    before = measured(one, 700, temperature={"temperature": 2000})
    assert measured(one, 700, **hot)["alarm"] == 0
    urgent = []
    soon = []
    for after_s in (10, 3, 3, 3, 600):
        one.node.clock.now_us += after_s * 1000000
        one.node.sensed = dict(hot, distance=ECHO)
        found = one.fields(one.node.sensed)
        urgent.append(one.changed(dict(before, alarm=3), found))
        soon.append(one.ends_us == 0)
        one.save()
        assert (found["alarm"], found["temperature"]) == (told("fire"), 80)
    assert urgent == [True, True, True, False, False]
    assert soon == [True, True, False, False, False]
    assert measured(one, 700, temperature={"temperature": 3900})["alarm"] == 0
    assert measured(one, 700, temperature=None)["alarm"] == 0


def test_a_thermometer_says_how_warm_it_is():
    one = bin_of()
    for centi, celsius in ((2149, 21), (2150, 22), (-4200, -40), (-50, 0), (9900, 86)):
        assert measured(one, 700, temperature={"temperature": centi})["temperature"] == celsius
