"""MAC answers on air: their order and number, repeats, and what a data rate has room for."""

import binascii

from lorawan.commands import apply
from lorawan.session import Answers
from tests.fake_network import World
from tests.other_regions import AS923, US915
from tests.test_lorawan_commands import adr

RX_PARAM = "0503d2ad84"
RX_TIMING = "0801"
DL_CHANNEL = "0a01d2ad84"
NEW_CHANNEL = "0703184f8450"
ALL = adr(5, 0, 7) + "0400" + RX_PARAM + "06" + NEW_CHANNEL + RX_TIMING + DL_CHANNEL


def text(data):
    return str(binascii.hexlify(data), "ascii")


def sent_after(replies, sends, region=None, data=b"x"):
    """The uplinks of `sends` after a join, as [(FPort, FOpts, payload)]; replies: in order."""
    world = World(region) if region else World()
    if region is US915:
        world.server.settings = b"\x08\x01"
        world.server.rx1 = lambda freq, sf, bw: (
            923300000 + (freq - 902300000) // 200000 % 8 * 600000, sf, 500000
        )  # fmt: skip
    replies = list(replies)

    async def story():
        await world.joined()
        world.server.reply = lambda uplink: replies.pop(0) if replies else None
        for _ in range(sends):
            await world.mac.send(10, data)

    world.run(story())
    return [(one[3], text(one[2]), text(one[4])) for one in world.server.uplinks]


def test_answers_come_in_the_order_of_the_requests():
    replies = [{"fport": 0, "data": bytes.fromhex(ALL)}]

    assert (
        sent_after(replies, 2)[1][1] == "0307" + "04" + "0507" + "06ff09" + "0703" + "08" + "0a03"
    )


def test_requests_of_one_kind_get_one_answer_each():
    bad = "057f000000"
    asked = RX_PARAM + "06" + bad + RX_PARAM + RX_TIMING + RX_TIMING
    replies = [{"fport": 0, "data": bytes.fromhex(asked)}]

    uplinks = sent_after(replies, 3)

    assert uplinks[1][1] == "0507" + "06ff09" + "0500" + "0507" + "08" + "08"
    assert uplinks[2][1] == "0507" + "0500" + "0507" + "08" + "08"


def test_own_requests_follow_the_answers():
    answers = Answers()
    answers.asks[0x0D] = b"\x0d"
    answers.add(0x08)
    answers.add(0x06, 255, 9)

    assert text(answers.riders()) == "08" + "06ff09" + "0d"
    answers.sent()
    answers.asks[0x02] = b"\x02"
    answers.add(0x07, 3)
    assert text(answers.riders()) == "08" + "0703" + "02"


def test_answers_are_cut_only_where_the_data_rate_ends():
    flood = [{"fport": 0, "data": b"\x06" * 100}]
    uplinks = sent_after(flood, 2)  # 80 answers of 3 bytes in 242
    assert [(port, len(data) // 2) for port, _, data in uplinks[1:]] == [(0, 240), (10, 1)]

    slow = World()
    slow.run(slow.joined())
    slow.mac.session.dr = 0
    apply(slow.mac, b"\x06" * 100, 36)
    slow.run(slow.mac.send(10, b"x"))
    assert [(one[3], len(one[4])) for one in slow.server.uplinks] == [(0, 51), (10, 1)]


def test_answers_without_data_go_on_port_0_alone_when_fopts_is_too_short():
    world = World()
    world.run(world.joined())
    apply(world.mac, b"\x06" * 6, 36)
    world.run(world.mac.send(None))

    assert [(one[3], len(one[4])) for one in world.server.uplinks] == [(0, 18)]


def test_sticky_answers_beyond_fopts_are_repeated_on_port_0():
    requests = "".join(["0a%02xd2ad84" % at for at in (0, 1, 2)] + [RX_PARAM] * 5)
    uplinks = sent_after([{"fport": 0, "data": bytes.fromhex(requests)}], 3)

    answers = "0a03" * 3 + "0507" * 5
    assert [(port, data) for port, _, data in uplinks[1:]] == [(0, answers), (10, "78")] * 2
    assert uplinks[2][1] == answers[:28], "FOpts has as many as fit"


def test_the_answer_to_tx_param_setup_is_repeated_too():
    uplinks = sent_after([{"fopts": b"\x09\x05"}], 4, AS923)

    assert [opts for _, opts, _ in uplinks] == ["", "09", "09", "09"]


def test_a_fixed_plan_answers_new_and_moved_channels_with_nothing():
    uplinks = sent_after([{"fopts": bytes.fromhex(NEW_CHANNEL + "06" + DL_CHANNEL)}], 2, US915)

    assert uplinks[1][1] == "06ff09"
