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


def rules(**changes):
    return Rules(dict(SETTINGS, **changes))


def dark(one):
    one.night = True
    return one


def test_without_anything_the_lamp_is_on():
    assert rules().decide(0, 0) == (100, lamp.DEFAULT)


def test_each_rule_stands_above_the_next():
    one = dark(rules(programme=[["00:00", 30]]))
    unix = MIDNIGHT + 3600
    assert one.decide(0, 0) == (60, lamp.PHOTOCELL)
    assert one.decide(0, unix) == (30, lamp.PROGRAMME)
    one.command(40, 0, None)
    assert one.decide(0, unix) == (40, lamp.COMMAND)
    one.manual(10, 1900)
    assert one.decide(1801, unix) == (10, lamp.MANUAL)
    assert one.held(1801) == lamp.MANUAL
    one.safety = True
    assert one.decide(1801, unix) == (100, lamp.SAFETY)
    assert one.held(1801) == lamp.SAFETY


def base(one, what):
    """Lets a rule set 0, 30 or 80 %."""
    rule, level = what
    if rule == lamp.COMMAND:
        one.command(level, 0, 1000)
    elif rule == lamp.PROGRAMME:
        one._config["programme"] = [["00:00", level]]
    else:
        one._config["night_level"] = level
    return one


def test_presence_and_fail_safe_raise_every_rule_and_lower_none():
    for rule in (lamp.COMMAND, lamp.PROGRAMME, lamp.PHOTOCELL):
        for level in (0, 30, 80):
            one = base(dark(rules()), (rule, level))
            one.heard(1799)
            assert one.decide(1800, MIDNIGHT) == (level, rule)
            one.presence(1800)
            assert one.decide(1800, MIDNIGHT) == (90, lamp.PRESENCE)
            one = base(dark(rules(boost_level=20)), (rule, level))
            one.presence(0)
            assert one.decide(1, MIDNIGHT)[0] == max(20, level)
            assert one.decide(1800, MIDNIGHT)[0] == max(70, level)
            one = base(dark(rules()), (rule, level))
            one.presence(1800)
            assert one.decide(1800, MIDNIGHT) == (90, lamp.PRESENCE)


def test_a_dark_command_without_network_is_raised_when_a_person_passes():
    one = dark(rules())
    one.command(0, 0, 20)
    one.presence(600)
    assert one.decide(601, 0) == (90, lamp.PRESENCE)
    assert one.decide(631, 0) == (0, lamp.COMMAND)
    one = dark(rules())
    one.command(0, 1000, 20)
    assert one.decide(1801, 0) == (70, lamp.FAILSAFE)


def test_a_command_over_presence_is_not_raised_until_it_ends():
    one = dark(rules())
    one.command(0, 0, 40, over=True)
    one.presence(1800)
    assert one.decide(1801, 0) == (0, lamp.COMMAND)
    one.presence(2400)
    assert one.decide(2400, 0) == (90, lamp.PRESENCE)
    one = dark(rules())
    one.command(0, 0, None, over=True)
    assert one.decide(1800, 0) == (70, lamp.FAILSAFE)


def test_manual_command_and_presence_end_by_themselves():
    one = dark(rules())
    one.manual(10, 100)
    one.command(40, 0, 5)
    assert one.decide(99, 0) == (10, lamp.MANUAL)
    assert one.decide(100, 0) == (40, lamp.COMMAND)
    assert one.decide(279, 0) == (40, lamp.COMMAND)
    one.presence(280)
    assert one.decide(299, 0) == (90, lamp.PRESENCE)
    assert one.decide(310, 0) == (60, lamp.PHOTOCELL)


def test_a_command_without_an_end_ends_with_the_networks_silence():
    one = dark(rules())
    one.heard(0)
    one.command(0, 0, None)
    assert one.decide(1799, 0) == (0, lamp.COMMAND)
    assert one.decide(1800, 0) == (70, lamp.FAILSAFE)
    one.heard(1801)
    assert one.decide(1801, 0) == (60, lamp.PHOTOCELL)


def test_daylight_leaves_the_programme_and_photocell_off():
    for changes, unix, why in (
        ({}, 0, lamp.PHOTOCELL),
        ({"programme": [["00:00", 0]]}, MIDNIGHT, lamp.PROGRAMME),
    ):
        one = rules(**changes)
        one.night = False
        one.presence(1800)
        assert one.decide(1801, unix) == (0, why)
    one.command(0, 0, 60)
    assert one.decide(1801, unix) == (90, lamp.PRESENCE)


def test_fail_safe_is_on_when_nothing_is_known():
    assert rules().decide(0, 0) == (100, lamp.DEFAULT)
    assert rules().decide(1800, 0) == (100, lamp.DEFAULT)
    assert rules(failsafe_level=100).decide(1800, 0) == (100, lamp.FAILSAFE)


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
    duties = dimmer.pwm.duties
    assert duties[0] == duties[-1] == 65535
    assert max(duties[at] - duties[at + 1] for at in range(len(duties) - 2)) <= 65535 // 25


def test_the_lamp_acts_when_told_and_counts_who_came():
    async def story():
        one = Lamp(Dimmer(Pin(6)), SETTINGS, Clock(), Log())
        task = asyncio.create_task(one.run())
        one.rules.night = True
        one.rules.command(40, 0, None)
        one.changed(0)
        assert not one.settled()
        await asyncio.sleep(0.05)
        level, why = one.level, lamp._word(one.why)
        one.moved()
        task.cancel()
        return level, why, one.passages

    assert asyncio.run(story()) == (40, "command", 1)
