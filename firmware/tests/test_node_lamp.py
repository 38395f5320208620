"""Which rule sets the lamp's level, and how the pin gets there."""

import asyncio

from tests.fake_device import Clock, Log, Pin

# isort: split
from node import lamp
from node.lamp import Dimmer, Lamp, Rules

SETTINGS = {
    "on_lux": 20,
    "off_lux": 50,
    "night_level": 60,
    "boost_level": 90,
    "boost_s": 30,
    "ramp_s": 1,
    "failsafe_min": 30,
    "failsafe_level": 70,
    "programme": (),
}
MIDNIGHT = 1700006400
NIGHT, DAY = 5, 500


def rules(**changes):
    return Rules(dict(SETTINGS, **changes))


def dark(one, now_s=0):
    one.light(NIGHT, now_s)
    return one


def test_without_anything_the_lamp_is_on():
    assert rules().decide(0, 0) == (100, lamp.DEFAULT)


def test_each_rule_stands_above_the_next():
    one = dark(rules(programme=[["00:00", 30]]))
    unix = MIDNIGHT + 3600
    assert one.decide(0, 0) == (60, lamp.PHOTOCELL)
    assert one.decide(0, unix) == (30, lamp.PROGRAMME)
    one.presence(0)
    assert one.decide(1, unix) == (90, lamp.PRESENCE)
    assert one.decide(1801, unix) == (30, lamp.FAILSAFE)
    one.heard(1801)
    one.command(40, 1801, None)
    assert one.decide(1801, unix) == (40, lamp.COMMAND)
    one.manual(10, 1900)
    assert one.decide(1801, unix) == (10, lamp.MANUAL)
    assert one.held(1801) == lamp.MANUAL
    one.safety = True
    assert one.decide(1801, unix) == (100, lamp.SAFETY)
    assert one.held(1801) == lamp.SAFETY


def test_manual_command_and_presence_end_by_themselves():
    one = dark(rules())
    one.manual(10, 100)
    one.command(40, 0, 5)
    one.presence(280)
    assert one.decide(99, 0) == (10, lamp.MANUAL)
    assert one.decide(100, 0) == (40, lamp.COMMAND)
    assert one.decide(299, 0) == (40, lamp.COMMAND)
    assert one.decide(300, 0) == (90, lamp.PRESENCE)
    assert one.decide(310, 0) == (60, lamp.PHOTOCELL)


def test_a_command_without_an_end_ends_with_the_networks_silence():
    one = dark(rules())
    one.heard(0)
    one.command(0, 0, None)
    assert one.decide(1799, 0) == (0, lamp.COMMAND)
    assert one.decide(1800, 0) == (70, lamp.FAILSAFE)
    one.heard(1801)
    assert one.decide(1801, 0) == (60, lamp.PHOTOCELL)


def test_a_command_with_an_end_outlives_the_silence():
    one = dark(rules())
    one.command(0, 0, 60)
    assert one.decide(3599, 0) == (0, lamp.COMMAND)
    assert one.decide(3600, 0) == (70, lamp.FAILSAFE)


def test_fail_safe_is_dark_by_day_and_on_when_nothing_is_known():
    day = rules()
    day.light(DAY, 0)
    assert day.decide(1800, 0) == (0, lamp.FAILSAFE)
    assert rules().decide(1800, 0) == (70, lamp.FAILSAFE)
    lost = dark(rules())
    lost.light(None, 10)
    assert lost.decide(10, 0) == (100, lamp.DEFAULT)


def test_the_photocell_wants_a_minute_of_certainty():
    one = dark(rules())
    for now_s, lux, night in (
        (0, DAY, True), (59, DAY, True), (60, DAY, False),
        (70, NIGHT, False), (100, DAY, False), (110, NIGHT, False), (169, NIGHT, False),
        (170, NIGHT, True), (180, 30, True), (400, 49, True),
    ):  # fmt: skip
        one.light(lux, now_s)
        assert one.decide(now_s, 0)[0] == (60 if night else 0), now_s


def test_presence_does_not_light_the_day():
    one = rules()
    one.light(DAY, 0)
    one.presence(0)
    assert one.decide(1, 0) == (0, lamp.PHOTOCELL)


def test_a_programme_runs_over_midnight():
    one = rules(programme=[["18:30", 100], ["6:15", 0], ["23:00", 30]])
    for clock, level in (("00:00", 30), ("06:14", 30), ("06:15", 0), ("18:29", 0), ("18:30", 100)):
        hours, minutes = clock.split(":")
        unix = MIDNIGHT + int(hours) * 3600 + int(minutes) * 60
        assert one.decide(0, unix) == (level, lamp.PROGRAMME), clock


def test_the_next_change_by_time_is_known():
    one = rules()
    assert one.next_change_s(0) == 60
    one.manual(5, 12)
    assert one.next_change_s(0) == 12
    one.presence(2)
    assert one.next_change_s(11) == 1
    assert one.next_change_s(31) == 1


def test_a_ramp_goes_by_steps_and_turns_where_it_stands():
    async def story():
        dimmer = Dimmer(Pin(6))
        dimmer.go(50, 1)
        await asyncio.sleep(0.2)
        turned = dimmer.level
        dimmer.go(100, 0)
        await asyncio.sleep(0.05)
        return dimmer, turned

    dimmer, turned = asyncio.run(story())

    assert 50 < turned < 100
    assert dimmer.settled()
    assert dimmer.level == 100
    duties = dimmer._pwm.duties
    assert duties[0] == duties[-1] == 65535
    assert max(duties[at] - duties[at + 1] for at in range(len(duties) - 2)) <= 65535 // 25


def test_the_lamp_acts_when_told_and_counts_who_came():
    async def story():
        one = Lamp(Dimmer(Pin(6)), SETTINGS, Clock(), Log())
        task = asyncio.create_task(one.run())
        one.rules.light(NIGHT, 0)
        one.rules.command(40, 0, None)
        one.changed(0)
        assert not one.settled()
        await asyncio.sleep(0.05)
        level, why = one.level, one.reason()
        one.moved()
        task.cancel()
        return level, why, one.passages

    assert asyncio.run(story()) == (40, "command", 1)
