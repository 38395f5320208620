"""Attempts without an answer: the law's hours, their spread, and the session beside them."""

import os

from lorawan import backoff
from lorawan import plan as plans
from lorawan.duty import period_us
from lorawan.frame import time_on_air_us
from tests.fake_network import World
from tests.other_regions import AS923, AU915, US915

HOUR_S = 3600
DAYS = 13


def regions():
    """Every region's module, and the literals of others."""
    folder = __file__.rsplit("/", 2)[0] + "/lorawan/region"
    names = [file[:-3] for file in sorted(os.listdir(folder)) if file.endswith(".py")]
    for name in names:
        if name != "__init__":
            yield __import__("lorawan.region." + name, None, None, ("*",))
    yield US915
    yield AU915
    yield AS923


def attempts(region, seed):
    """[(s since the first, ms of air, data rate)] of days without an answer."""
    plan = plans.of(region)
    found, at_ms, count, draw = [], 0, 0, seed
    while at_ms < DAYS * 86400000:
        dr, _ = plans.setup(plan).join(plan, count, seed, backoff.tier(at_ms // 1000))
        air_ms = -(-time_on_air_us(*region.DATARATES[dr], 23) // 1000)
        found.append((at_ms // 1000, air_ms, dr))
        draw = (draw * 1103515245 + 12345) & 0x3FFFFFFF
        at_ms += air_ms + 7000  # the windows
        at_ms += backoff.pause_ms(at_ms, air_ms, region.JOIN_EVERY_S, seed, draw >> 4)
        count += 1
    return found


def test_every_regions_attempts_keep_the_law():
    for region in regions():
        for seed in range(1, 400000000, 19999999):
            made = attempts(region, seed)
            for begin_s, end_s, allowed in ((0, HOUR_S, 36000), (HOUR_S, 11 * HOUR_S, 36000)):
                assert sum([air for at, air, _ in made if begin_s <= at < end_s]) <= allowed
            late = [one for one in made if one[0] >= 11 * HOUR_S]
            for first in late:
                day = [air for at, air, _ in late if first[0] <= at < first[0] + 86400]
                assert sum(day) <= 8700


def test_attempts_are_spread_over_the_hours():
    for region in regions():
        if region.PLAN == "fixed":
            continue
        made = attempts(region, 12345678)
        for at in range(1, len(made)):
            limit_s = (600, 720, 3100)[backoff.tier(made[at - 1][0])]
            assert made[at][0] - made[at - 1][0] <= limit_s, made[at]
        lowest = min([dr for _, _, dr in made])
        slowest = [at for at, _, dr in made if dr == lowest]
        assert slowest[0] < 1800
        for begin_s, end_s, apart_s in ((0, 10 * HOUR_S, 4300), (11 * HOUR_S, 13 * 86400, 92000)):
            times = [at for at in slowest if begin_s <= at < end_s]
            assert max([times[n] - times[n - 1] for n in range(1, len(times))]) <= apart_s


def test_the_hours_of_two_devices_begin_at_different_times():
    ends = [
        (50 * HOUR_S * 1000 + backoff.pause_ms(50 * HOUR_S * 1000, 206, (0, 600, 2700), seed, 0))
        % 2700000
        for seed in (0, 900000, 1800000)
    ]

    assert len(set(ends)) == 3


def test_the_law_holds_over_restarts():
    world = World()
    world.server.answers_join = False

    async def story():
        while world.clock.us() < 3 * 86400 * 1000000:
            await world.mac.join()
            if len(world.sent) % 20 == 0:
                world.start()  # a crash loop does not begin the hours again

    world.run(story())

    start = world.sent[0][0]
    spent = {}
    for begin, end in [one[:2] for one in world.sent]:
        window = backoff.window((begin - start) // 1000000)
        spent[window] = spent.get(window, 0) + (end - begin) // 1000
    assert len(spent) >= 4, spent
    for (_, allowed), air in spent.items():
        assert air <= allowed


def test_a_session_goes_on_beside_attempts_to_join_until_the_join_accept():
    world = World()

    async def story():
        await world.joined()
        await world.mac.send(10, b"a")
        world.server.answers_join = False
        assert not await world.mac.join()
        assert world.mac.joined
        sent = await world.mac.send(10, b"b")
        assert sent.fcnt == 1
        world.server.answers_join = True
        assert await world.mac.join()
        return await world.mac.send(10, b"c")

    assert world.run(story()).fcnt == 0
    assert [one[4] for one in world.server.uplinks] == [b"a", b"b", b"c"]
    assert world.server.sessions == 2


def test_a_second_window_that_class_c_listens_in_brings_the_join_accept_too():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        world.server.window = 2
        return await world.mac.join()

    assert world.run(story())
    assert world.server.sessions == 2


def test_an_unanswered_confirmed_uplink_counts_and_a_downlink_ends_the_count():
    world = World()

    async def story():
        await world.joined()
        await world.mac.send(10, b"a", True)

    world.run(story())
    air_ms = sum([end - begin for begin, end in [one[:2] for one in world.sent[1:]]]) // 1000
    used = backoff.Backoff(world.store)
    assert used.attempts == 0
    assert air_ms <= used.spent_ms <= air_ms + 1
    assert world.mac.silent_us == world.sent[1][0]

    world.start()
    assert world.mac.joined and world.mac.silent_us is not None
    world.server.reply = lambda uplink: {"ack": True}
    world.run(world.mac.send(10, b"b", True))

    assert world.mac.silent_us is None
    assert not backoff.Backoff(world.store).begun


def test_an_answer_is_asked_for_by_adr_ack_req():
    world = World()

    async def story():
        await world.joined()
        world.mac.wants_answer = True
        await world.mac.send(10, b"a")
        world.mac.wants_answer = False
        await world.mac.send(10, b"b")

    world.run(story())

    assert [one[1] & 0x40 for one in world.server.uplinks] == [0x40, 0]


def test_any_hour_keeps_the_budget_of_a_sub_band():
    longest_us = time_on_air_us(12, 125000, 64)
    for part in (100, 10):
        for air_us in (longest_us, 61696, 400000):
            frames = 3600000000 // period_us(air_us, part, longest_us) + 1
            assert frames * air_us <= 3600000000 // part
    assert period_us(5000, 1, longest_us) == 5000
