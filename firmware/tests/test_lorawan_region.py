"""The contract of every region's file, against the tables of an independent network server."""

import json
import os

from lorawan import plan
from tests.fake_network import World

HERE = __file__.rsplit("/", 1)[0]
FOLDER = HERE + "/../lorawan/region"
NAMES = sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py") and name[0] != "_")
LITERALS = (
    "PLAN", "DATARATES", "MAX_PAYLOAD", "RX1_OFFSETS", "RX2_FREQ", "RX2_DR", "JOIN_DRS",
    "JOIN_EVERY_S",
    "MAX_EIRP_DBM", "POWER_MAX", "DWELL", "BANDS",
)  # fmt: skip


def load(name):
    return __import__("lorawan.region." + name, None, None, ("*",))


def vectors(name):
    with open(HERE + "/data/regions.json") as file:
        return json.load(file)["regions"][name.upper()]


def rx1(known, dr, offset):
    """Data rate of RX1: from the table, or by the rule of regions without one."""
    if "rx1_dr" in known:
        return known["rx1_dr"][dr][offset]
    return max(0, dr - (offset if offset < 6 else 5 - offset))


def test_every_file_is_literals_alone():
    for name in NAMES:
        region = load(name)
        for literal in LITERALS:
            assert hasattr(region, literal), (name, literal)
        for value in region.__dict__.values():
            assert not callable(value), name


def test_rates_sizes_channels_and_powers_are_those_of_the_vectors():
    for name in NAMES:
        region = load(name)
        known = vectors(name)
        for dr, rate in enumerate(region.DATARATES):
            wanted = known["data_rates"][str(dr)]
            assert rate == (wanted["sf"], wanted["bw"]), (name, dr)
            assert region.MAX_PAYLOAD[dr] == wanted["N"], (name, dr)
        assert len(region.MAX_PAYLOAD) == len(region.DATARATES)
        assert list(region.CHANNELS) == known["channels"]
        assert list(region.CHANNEL_DR) == known["channel_dr"]
        assert (region.RX2_FREQ, region.RX2_DR) == (known["rx2"]["freq"], known["rx2"]["dr"])
        assert region.MAX_EIRP_DBM == known["max_eirp"]
        assert [-2 * at for at in range(region.POWER_MAX + 1)] == known["tx_power_offsets"]
        assert (region.DWELL is not None) == known["tx_param_setup"]


def test_the_first_window_is_that_of_the_vectors():
    for name in NAMES:
        region = load(name)
        known = vectors(name)
        own = plan.of(region)
        for dr in range(len(region.DATARATES)):
            for offset in range(len(region.RX1_OFFSETS)):
                wanted = min(rx1(known, dr, offset), len(region.DATARATES) - 1)
                assert own.rx1_dr(dr, offset) == wanted, (name, dr, offset)


def test_sub_bands_are_those_of_the_vectors_or_free_of_duty_cycle():
    for name in NAMES:
        region = load(name)
        wanted = [
            (one["min"], one["max"], round(1 / one["duty"]))
            for one in vectors(name)["duty_subbands"]
        ]
        if wanted:
            assert list(region.BANDS) == wanted, name
        else:
            assert [part for _, _, part in region.BANDS] == [1], name


def test_a_device_joins_reports_and_is_answered_in_every_region():
    for name in NAMES:
        for window in (1, 2):
            world = World(load(name))
            world.server.settings = bytes((world.region.RX2_DR, 1))
            world.server.window = window
            world.server.reply = lambda uplink: {"fport": 30, "data": b"c", "ack": uplink[5]}

            async def story(world=world):
                await world.joined()
                return await world.mac.send(10, b"reading", True)

            assert world.run(story()).acked, name
            world.start()
            assert world.mac.joined
