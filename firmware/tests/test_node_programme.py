"""A lamp's programme: taken in parts, kept over power, and its place among the rules."""

from tests.test_node_commands import World
from tests.test_node_lamp import SETTINGS
from tests.test_wire_programme import EVENING, MULHOUSE, at, made

# isort: split
from node import lamp
from node.lamp import Rules
from wire.programme import ASTRO

NIGHT = at((2026, 1, 15), "22:30")
DAY = at((2026, 1, 15), "12:00")
LONG = made(types=(EVENING, ((0, 10), (60, 20), (120, 30), (180, 40))))


def parts(data, version=258):
    """The commands' values without their tokens, in order."""
    found = []
    for number in range((len(data) + 11) // 12):
        part = data[12 * number : 12 * number + 12]
        part += bytes(12 - len(part))
        found.append({
            "version": version, "size": len(data), "at": number,
            "data1": int.from_bytes(part[:6], "big"), "data2": int.from_bytes(part[6:], "big"),
        })  # fmt: skip
    return found


def push(world, data, order=None, first_token=1):
    """[(result, reason, count of missing parts, version in force)]."""
    answers = []
    sent = parts(data)
    for number in order or range(len(sent)):
        result, reason, values = world.send("programme", token=first_token, **sent[number])
        answers.append((result, reason, values.get("count"), values.get("version")))
        first_token += 1
    return answers


def test_parts_in_any_order_make_a_programme_that_outlasts_power():
    for order in ((0, 1, 2), (2, 0, 1), (1, 1, 2, 0)):
        world = World()
        answers = push(world, LONG, order)

        assert [one[0] for one in answers] == ["applied"] * len(order)
        assert answers[0][2:] == (2, None)
        assert answers[-1][2:] == (0, 258)
        assert world.lamp.rules.programme == LONG
        assert world.again().lamp.rules.programme == LONG


def test_bytes_that_changed_on_the_way_are_refused_and_the_old_programme_stays():
    world = World()
    push(world, LONG)
    answers = push(world, LONG[:20] + b"\xff" + LONG[21:], first_token=10)

    assert answers[-1][:2] == ("refused", "malformed")
    assert world.again().lamp.rules.programme == LONG


def test_a_newer_programme_drops_the_parts_of_the_one_before():
    world = World()
    push(world, LONG, (0, 1))
    whole = made()

    assert push(world, whole, first_token=10)[-1] == ("applied", "ok", 0, 258)
    assert world.lamp.rules.programme == whole


def test_a_part_that_is_sent_again_is_answered_with_the_programme_in_force():
    world = World()
    push(world, LONG)
    again = world.send("programme", token=3, **parts(LONG)[2])

    assert again[0] == "applied"
    assert world.lamp.rules.programme == LONG


def test_a_bin_takes_none():
    world = World(with_lamp=False)

    assert push(world, LONG)[0][:2] == ("refused", "unsupported")


def rules(data=None, **changes):
    latitude, longitude = MULHOUSE
    one = Rules(dict(SETTINGS, latitude=latitude, longitude=longitude, **changes))
    one.programme = data or made(mode=ASTRO)
    return one


def test_the_programme_stands_above_the_photocell_and_below_a_command():
    one = rules(programme=[["00:00", 7]])
    one.night = True
    assert one.decide(0, NIGHT) == (40, lamp.PROGRAMME)
    one.command(15, 0, 5)
    assert one.decide(1, NIGHT) == (15, lamp.COMMAND)
    assert one.decide(301, NIGHT) == (40, lamp.PROGRAMME)


def test_without_a_clock_the_photocell_decides():
    one = rules()
    assert one.decide(0, 0) == (100, lamp.DEFAULT)
    one.night = True
    assert one.decide(0, 0) == (60, lamp.PHOTOCELL)


def test_somebody_gets_the_programmes_own_level_by_night_and_none_by_day():
    one = rules(made(mode=ASTRO, presence=75))
    one.presence(0)
    assert one.decide(1, NIGHT) == (75, lamp.PRESENCE)
    assert one.decide(31, NIGHT) == (40, lamp.PROGRAMME)
    one.presence(40)
    assert one.decide(41, DAY) == (0, lamp.PROGRAMME)
    one.night = True  # a storm at noon: the photocell says that it is dark
    assert one.decide(41, DAY) == (75, lamp.PRESENCE)


def test_the_fail_safe_raises_the_programme_by_night_alone():
    one = rules()
    assert one.decide(1800, NIGHT) == (70, lamp.FAILSAFE)
    assert one.decide(1800, DAY) == (0, lamp.PROGRAMME)


def test_bytes_that_cannot_be_followed_leave_the_lamp_to_the_photocell():
    one = rules(b"\x01\x02\x04\x01\x00\x00\x00\x00\x05\x01")
    one.night = True
    assert one.decide(0, NIGHT) == (60, lamp.PHOTOCELL)
    assert one.programme is None
