"""Dwell time and power of TxParamSetupReq in a dynamic plan, by the tables of AS923."""

import json

from lorawan import plan
from lorawan.commands import apply
from lorawan.plan import limits
from tests.fake_network import World
from tests.other_regions import AS923, AU915

HERE = __file__.rsplit("/", 1)[0]
UP = 1
DOWN = 2


def vectors():
    with open(HERE + "/data/regions.json") as file:
        return json.load(file)["regions"]["AS923-1"]


def test_rates_and_sizes_are_those_of_the_vectors_with_and_without_dwell_time():
    asia = plan.of(AS923)
    known = vectors()["data_rates"]

    assert [asia.payloads[dr] for dr in range(7)] == [known[str(dr)]["N"] for dr in range(7)]
    limits.limit(asia, 16, UP)
    assert [asia.payloads[dr] for dr in range(7)] == [
        known[str(dr)]["N_dwell400"] for dr in range(7)
    ]


def test_the_first_window_is_no_slower_than_the_dwell_time_of_downlinks_allows():
    asia = plan.of(AS923)
    for dwell, lowest in ((0, 0), (UP, 0), (DOWN, 2), (UP | DOWN, 2)):
        limits.limit(asia, 16, dwell)
        for dr in range(6):
            for offset in range(8):
                effective = offset if offset < 6 else 5 - offset
                assert asia.rx1_dr(dr, offset) == min(6, max(lowest, dr - effective))


def test_a_slow_rate_is_left_when_the_dwell_time_of_uplinks_forbids_it():
    asia = plan.of(AS923)
    limits.limit(asia, 16, UP)

    assert [asia.usable(dr) for dr in (0, 1, 2, 5)] == [[], [], [0, 1], [0, 1]]
    setup = plan.setup(asia)
    assert [setup.join(asia, at, 0, 0)[0] for at in range(6)] == [5, 4, 3, 2, 2, 2]


def test_a_device_obeys_dwell_time_and_power_at_once():
    world = World(AS923)
    world.server.settings = b"\x02\x01"

    async def story():
        await world.joined()
        world.mac.session.dr = 0
        apply(world.mac, b"\x09\x11", 5)
        await world.mac.send(10, b"x")

    world.run(story())

    _, _, _, sf, _, power, _ = world.sent[-1]
    assert (sf, power) == (10, 10 - world.mac.antenna_dbi)
    assert world.server.uplinks[-1][2] == b"\x09"


def test_a_join_is_sent_with_the_regions_power_and_dwell_time():
    world = World(AU915)
    limits.limit(world.mac.plan, 8, 0)
    world.server.answers_join = False
    world.run(world.mac.join())

    _, _, _, sf, bw, power, _ = world.sent[0]
    assert (sf, bw, power) == (10, 125000, 30 - world.mac.antenna_dbi)
