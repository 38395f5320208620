"""MAC commands of 1.0.4 on EU868: what is applied, refused, answered."""

import binascii

from lorawan import plan
from lorawan.commands import GPS_EPOCH_S, LEAP_S, apply
from lorawan.region import eu868
from lorawan.session import Answers, Session
from lorawan.windows import Windows
from tests.fake_network import World


class Mac:
    """What `commands` needs of a MAC."""

    def __init__(self):
        self.plan = plan.of(eu868)
        self.answers = Answers()
        self.session = Session(self.plan, None, None, b"")
        self.session.dr, self.session.power, self.session.repeats = 5, 0, 1
        self.session.rx1_offset, self.session.rx2_dr, self.session.rx2_freq = 0, 0, 869525000
        self.session.rx_delay_s, self.session.duty = 1, 0
        self.times = []
        self.link = None
        self.windows = Windows(None, None, self.plan, None, None, None)
        self.windows.tx_end_us = 77

    def battery(self):
        return 200

    def on_time(self, unix_us, at_us):
        self.times.append((unix_us, at_us))

    def get(self, text, snr=7):
        """Apply and return (answers in hex, changed)."""
        changed = apply(self, bytes.fromhex(text), snr)
        answers = str(binascii.hexlify(self.answers.riders()), "ascii")
        self.answers = Answers()
        return answers, changed


def adr(dr, power, mask, control=0, repeats=1):
    return "03%02x%02x%02x%02x" % (dr << 4 | power, mask & 255, mask >> 8, control << 4 | repeats)


def test_link_adr_sets_rate_power_channels_and_repeats():
    mac = Mac()

    assert mac.get(adr(3, 2, 0x0005, repeats=2)) == ("0307", True)

    session = mac.session
    assert (session.dr, session.power, mac.plan.mask, session.repeats) == (3, 2, 5, 2)


def test_link_adr_keeps_what_says_15_and_takes_no_repeats_as_one():
    mac = Mac()
    mac.get(adr(3, 2, 7, repeats=3))

    assert mac.get(adr(15, 15, 7, repeats=0)) == ("0307", True)

    assert (mac.session.dr, mac.session.power, mac.session.repeats) == (3, 2, 1)


def test_a_block_is_applied_whole_or_not_at_all():
    mac = Mac()

    good = adr(0, 0, 0x0001) + adr(4, 1, 0x0006)
    bad = adr(2, 0, 0x0001) + adr(2, 9, 0x0006)

    assert mac.get(good) == ("03070307", True)
    assert (mac.session.dr, mac.plan.mask) == (4, 6)
    assert mac.get(bad) == ("03030303", False)
    assert (mac.session.dr, mac.plan.mask) == (4, 6)


def test_blocks_parted_by_another_command_stand_alone():
    mac = Mac()

    assert mac.get(adr(9, 0, 7) + "06" + adr(2, 0, 7)) == ("030506c8070307", True)
    assert mac.session.dr == 2


def test_link_adr_refuses_channels_that_are_not_there():
    mac = Mac()

    assert mac.get(adr(5, 0, 0x0008)) == ("0306", False)
    assert mac.get(adr(5, 0, 0x0000)) == ("0306", False)
    assert mac.get(adr(5, 0, 0x0007, control=3)) == ("0306", False)
    assert mac.get(adr(6, 0, 0x0007)) == ("0305", False)
    assert mac.get(adr(5, 0, 0, control=6)) == ("0307", True)


def test_duty_cycle():
    mac = Mac()

    assert mac.get("0407") == ("04", True)
    assert mac.session.duty == 7


def test_rx_param_setup():
    mac = Mac()

    assert mac.get("0523d2ad84") == ("0507", True)
    assert (mac.session.rx1_offset, mac.session.rx2_dr, mac.session.rx2_freq) == (2, 3, 869525000)
    assert mac.get("0573d2ad84") == ("0503", False)  # offset 7
    assert mac.get("052fd2ad84") == ("0505", False)  # data rate 15
    assert mac.get("0523000000") == ("0506", False)  # 0 Hz
    assert mac.session.rx1_offset == 2


def test_dev_status_tells_battery_and_signed_margin():
    mac = Mac()

    assert mac.get("06", snr=-20) == ("06c82c", False)
    assert mac.get("06", snr=-1) == ("06c83f", False)
    assert mac.get("06", snr=40) == ("06c81f", False)


def test_new_channel_is_added_changed_and_removed():
    mac = Mac()

    assert mac.get("0703184f8450") == ("0703", True)
    assert mac.plan.channels[3] == [867100000, 867100000, 0x50]
    assert mac.plan.mask == 0xF
    assert mac.get("070300000050") == ("0703", True)
    assert mac.plan.mask == 7
    assert mac.get("0705184f8450") == ("0703", True)
    assert (mac.plan.mask, [one[0] for one in mac.plan.channels[3:5]]) == (0x27, [0, 0])


def test_new_channel_refuses_the_regions_own_bad_rates_and_bad_frequencies():
    mac = Mac()

    assert mac.get("0700184f8450") == ("0700", False)
    assert mac.get("0710184f8450") == ("0700", False)
    assert mac.get("0703184f8405") == ("0701", False)  # lowest above highest
    assert mac.get("0703184f84b0") == ("0701", False)
    assert mac.get("070301020450") == ("0702", False)
    assert mac.plan.channels == [[freq, freq, 0x50] for freq in eu868.CHANNELS]


def test_rx_timing_setup():
    mac = Mac()

    assert mac.get("0800") == ("08", True)
    assert mac.session.rx_delay_s == 1
    mac.get("080f")
    assert mac.session.rx_delay_s == 15


def test_dl_channel():
    mac = Mac()

    assert mac.get("0a01d2ad84") == ("0a03", True)
    assert mac.plan.channels[1] == [868300000, 869525000, 0x50]
    assert mac.get("0a07d2ad84") == ("0a01", False)
    assert mac.get("0a01010204") == ("0a02", False)


def test_tx_param_setup_is_not_answered_in_this_region():
    assert Mac().get("091e") == ("", False)


def test_losing_the_last_channel_of_a_rate_goes_back_to_the_regions_own():
    mac = Mac()
    mac.get("0703184f8466" + adr(6, 0, 0x0008))
    assert (mac.session.dr, mac.plan.mask) == (6, 8)

    mac.get("070300000066")

    assert (mac.session.dr, mac.plan.mask) == (5, 7)


def test_a_flood_of_commands_does_not_outgrow_the_slowest_rate():
    mac = Mac()
    apply(mac, b"\x06" * 80 + bytes.fromhex("0523d2ad8408010a01d2ad84"), 0)

    assert 36 <= len(mac.answers.riders()) <= 51


def test_link_check_and_time():
    mac = Mac()

    assert mac.get("02140a0d0102030480") == ("", False)
    assert mac.link == (20, 10)
    assert mac.times == [((0x04030201 + GPS_EPOCH_S - LEAP_S) * 1000000 + 500000, 77)]


def test_unknown_commands_end_the_stream_but_keep_what_came_before():
    mac = Mac()

    assert mac.get("040180ff06") == ("04", True)


def test_sticky_answers_come_again_until_a_class_a_downlink():
    world = World()
    replies = [{"fopts": bytes.fromhex("0503d2ad840801")}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    async def story():
        await world.joined()
        for _ in range(3):
            await world.mac.send(10, b"x")
        replies.append({})
        for _ in range(2):
            await world.mac.send(10, b"x")

    world.run(story())

    answers = b"\x05\x07\x08"
    assert [one[2] for one in world.server.uplinks] == [b"", answers, answers, answers, b""]


def test_answers_that_do_not_fit_go_first_on_port_0():
    world = World()
    flood = "".join([adr(5, 0, 7) + "06" for _ in range(6)])
    replies = [{"fport": 0, "data": bytes.fromhex(flood)}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    async def story():
        await world.joined()
        await world.mac.send(10, b"a")
        await world.mac.send(10, b"b")

    world.run(story())

    shown = [(uplink[3], uplink[4].hex()) for uplink in world.server.uplinks]
    assert shown == [(10, "61"), (0, "030706ff09" * 6), (10, "62")]
