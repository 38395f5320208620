"""The plan of 64 + 8 channels: vectors of RP002, joins, masks, windows, dwell time."""

import binascii
import json
import struct

from lorawan import plan
from lorawan.commands import apply
from lorawan.session import Answers, Session
from tests.fake_network import World
from tests.other_regions import AU915, US915

HERE = __file__.rsplit("/", 1)[0]
WIDE = range(64, 72)


def vectors(name):
    with open(HERE + "/data/regions.json") as file:
        return json.load(file)["regions"][name]


def row(literals, vector):
    return literals == (vector["first"], vector["step"], vector["n"])


def test_the_literals_and_the_first_window_are_those_of_the_vectors():
    for region in (US915, AU915):
        known = vectors(region.__name__)
        fixed = plan.of(region)
        assert row(region.NARROW, known["uplink_125k"])
        assert row(region.WIDE, known["uplink_500k"])
        assert row(region.DOWN, known["downlink"])
        assert region.DOWN_DR == tuple(known["downlink"]["dr"])
        assert (region.RX2_FREQ, region.RX2_DR) == (known["rx2"]["freq"], known["rx2"]["dr"])
        assert region.MAX_EIRP_DBM == known["max_eirp"]
        assert [-2 * at for at in range(region.POWER_MAX + 1)] == known["tx_power_offsets"]
        for dr in range(region.WIDE_DR[1] + 1):
            for offset in range(len(region.RX1_OFFSETS)):
                assert fixed.rx1_dr(dr, offset) == known["rx1_dr"][dr][offset]
        for dr, rate in enumerate(region.DATARATES):
            if rate:
                wanted = known["data_rates"][str(dr)]
                assert rate == (wanted["sf"], wanted["bw"])
                assert region.MAX_PAYLOAD[dr] == wanted["N"]
                if dr <= 6 and region.DWELL:
                    assert region.DWELL_PAYLOAD[dr] == wanted["N_dwell400"]


def test_frequencies_up_and_down():
    us = plan.of(US915)

    assert [us.up_hz(at) for at in (0, 1, 63, 64, 71)] == [
        902300000, 902500000, 914900000, 903000000, 914200000,
    ]  # fmt: skip
    assert [us.down_hz(at) for at in (0, 7, 8, 63, 64, 71)] == [
        923300000, 927500000, 923300000, 927500000, 923300000, 927500000,
    ]  # fmt: skip
    assert list(us.usable(0)) == list(us.usable(3)) == list(range(64))
    assert list(us.usable(4)) == list(WIDE)
    assert list(us.usable(5)) == list(us.usable(8)) == []


def test_joins_probe_one_channel_of_each_block_and_then_a_wide_one():
    us = plan.of(US915)
    for seed in (0, 0x3FFFFFFF, 0x12345678, 0x0BADCAFE):
        used = []
        for turn in range(8):
            tried = [plan.setup(us).join(us, turn * 9 + at, seed, 0) for at in range(9)]
            assert [dr for dr, _ in tried] == [0] * 8 + [4]
            channels = [one[0] for _, one in tried]
            assert [at // 8 for at in channels] == list(range(9))
            used += channels
        assert sorted(used) == list(range(72))


def test_two_devices_take_the_channels_in_different_orders():
    us = plan.of(US915)
    first, second = [
        [plan.setup(us).join(us, at, seed, 0)[1] for at in range(9)]
        for seed in (0x1234567, 0x7654321)
    ]

    assert first != second


class Mac:
    """What `commands` needs of a MAC."""

    def __init__(self, region):
        self.plan = plan.of(region)
        self.answers = Answers()
        self.session = Session(self.plan, None, None, b"")
        self.session.dr, self.session.power, self.session.repeats = region.CHANNEL_DR[1], 0, 1
        self.session.rx1_offset, self.session.rx2_dr = 0, 8
        self.session.rx2_freq = region.RX2_FREQ

    def get(self, *commands):
        changed = apply(self, b"".join(commands), 7)
        answers = str(binascii.hexlify(self.answers.riders()), "ascii")
        self.answers = Answers()
        return answers, changed

    def enabled(self):
        return [at for at in range(72) if self.plan.mask >> at & 1]


def adr(dr, mask, control):
    return struct.pack("<BBHB", 3, dr << 4, mask, control << 4 | 1)


def test_channel_mask_control_selects_banks_blocks_and_all():
    mac = Mac(US915)

    assert mac.get(adr(3, 0xFF00, 0), adr(3, 0, 1), adr(3, 0, 2), adr(3, 0, 3), adr(3, 2, 4)) == (
        "0307" * 5,
        True,
    )
    assert mac.enabled() == list(range(8, 16)) + [65]
    assert mac.get(adr(3, 0xFF06, 5)) == ("0307", True)  # the high byte is RFU
    assert mac.enabled() == list(range(8, 24)) + [65, 66]
    assert mac.get(adr(3, 0x0081, 6)) == ("0307", True)
    assert mac.enabled() == list(range(64)) + [64, 71]
    assert mac.get(adr(4, 0x0003, 7)) == ("0307", True)
    assert (mac.enabled(), mac.session.dr) == ([64, 65], 4)


def test_a_rate_without_an_enabled_channel_and_an_empty_mask_are_refused():
    mac = Mac(US915)

    assert mac.get(adr(0, 0x0003, 7)) == ("0305", False)
    assert mac.get(adr(4, 0, 7)) == ("0306", False)
    assert mac.get(adr(5, 0xFF, 6)) == ("0305", False)
    assert mac.get(adr(8, 0xFF, 6)) == ("0305", False)
    assert mac.enabled() == list(range(72))


def test_channels_cannot_be_defined_and_that_is_not_answered():
    mac = Mac(US915)

    assert mac.get(bytes.fromhex("0703184f8450"), bytes.fromhex("0a01d2ad84")) == ("", False)


def test_the_second_window_takes_only_downlink_rates():
    mac = Mac(US915)
    freq = (923900000 // 100).to_bytes(3, "little")

    assert mac.get(b"\x05\x3d" + freq) == ("0507", True)
    assert (mac.session.rx1_offset, mac.session.rx2_dr) == (3, 13)
    assert mac.get(b"\x05\x04" + freq) == ("0505", False)
    assert mac.get(b"\x05\x4a" + freq) == ("0503", False)
    assert mac.get(b"\x05\x0a" + (930000000 // 100).to_bytes(3, "little")) == ("0506", False)


def test_dwell_time_and_power_are_what_the_network_sets():
    mac = Mac(AU915)
    mac.get(b"\x09\x05")
    assert (mac.plan.dwell, mac.plan.eirp_dbm, mac.plan.lowest_dr) == (0, 16, 0)
    assert mac.plan.payloads[0] == 51
    assert mac.get(adr(0, 0xFF, 6)) == ("0307", True)

    assert mac.get(b"\x09\x1d") == ("09", True)

    assert (mac.plan.dwell, mac.plan.eirp_dbm) == (1, 30)
    assert (mac.session.dr, mac.plan.payloads[2]) == (2, 11)
    assert mac.get(adr(1, 0xFF, 6)) == ("0305", False)
    assert Mac(US915).get(b"\x09\x1d") == ("", False)


def accept(mask):
    return mask.to_bytes(10, "little") + bytes(5) + b"\x01"


def us_window(freq, sf, bw):
    """RX1 of US915 without offset, from the tables."""
    index = (freq - 903000000) // 1600000 if bw == 500000 else (freq - 902300000) // 200000
    return 923300000 + index % 8 * 600000, {8: 7}.get(sf, sf) if bw == 500000 else sf, 500000


def test_a_device_joins_and_reports_on_the_block_of_its_network():
    world = World(US915)
    world.server.settings = b"\x08\x01"
    world.server.cflist = accept(0xFF00 | 2 << 64)
    world.server.rx1 = us_window
    world.server.reply = lambda uplink: {"fport": 30, "data": b"c", "ack": uplink[5]}

    async def story():
        await world.joined()
        assert (await world.mac.send(10, b"reading", True)).acked
        world.server.window = 2
        assert (await world.mac.send(10, b"reading", True)).acked

    world.run(story())

    assert world.heard == [(30, b"c", False)] * 2
    for one in world.sent[1:]:
        assert 903900000 <= one[2] <= 905300000
        assert one[3:5] == (10, 125000)
    world.start()
    assert world.mac.joined
    assert list(world.mac.plan.usable(0)) == list(range(8, 16))


def test_a_wide_join_goes_on_at_a_rate_that_the_mask_allows():
    world = World(US915)
    world.server.settings = b"\x08\x01"
    world.server.cflist = accept(0xFF00)
    world.server.rx1 = us_window
    world.server.answers_join = False

    async def story():
        for _ in range(8):
            await world.mac.join()
        world.server.answers_join = True
        assert await world.mac.join()

    world.run(story())

    assert world.sent[-1][4] == 500000
    assert world.mac.session.dr == 0
    assert world.run(world.mac.send(10, b"x")).dr == 0


def test_a_mask_without_a_narrow_channel_is_not_taken_from_a_join_accept():
    us = plan.of(US915)

    plan.setup(us).begin(us, accept(2 << 64))

    assert list(us.usable(0)) == list(range(64))


def test_adr_goes_back_to_all_channels_at_the_end():
    world = World(US915)
    world.server.settings = b"\x08\x01"
    world.server.cflist = accept(0xFF00 | 2 << 64)
    world.server.rx1 = us_window

    async def story():
        await world.joined()
        world.mac.session.dr = 0
        for _ in range(97):
            await world.mac.send(10, b"x")

    world.run(story())

    assert list(world.mac.plan.usable(0)) == list(range(64))
