"""Length and data rate: what may be sent and taken at a rate, and ADR's back-off step by step."""

from lorawan.commands import apply
from lorawan.mac import MacError
from lorawan.plan import limits
from tests.fake_network import World
from tests.other_regions import AS923
from tests.test_lorawan_commands import adr

RX2 = (869525000, 12, 125000)


def refused(world, job):
    try:
        world.run(job)
    except MacError as error:
        return str(error)
    return None


def test_a_data_rate_lowered_by_the_reply_to_port_0_holds_for_the_data_after_it():
    world = World()
    world.run(world.joined())
    apply(world.mac, b"\x06" * 6, 36)
    replies = [{"fport": 0, "data": bytes.fromhex(adr(0, 0, 7))}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    said = refused(world, world.mac.send(10, bytes(100)))

    assert said == "100 bytes do not fit, DR0 takes 51"
    assert [(one[3], len(one[6])) for one in world.sent[1:]] == [(7, 31)]
    world.run(world.mac.send(10, bytes(world.mac.max_payload())))
    assert [len(one[4]) for one in world.server.uplinks] == [18, 49]
    assert world.server.uplinks[-1][2] == b"\x03\x07"


def test_a_data_rate_lowered_by_the_back_off_holds_for_the_data():
    world = World()
    world.run(world.joined())
    session = world.mac.session
    session.dr = 3
    session.unanswered = 96

    assert world.mac.max_payload() == 51
    assert refused(world, world.mac.send(10, bytes(52))) == "52 bytes do not fit, DR2 takes 51"
    world.run(world.mac.send(10, bytes(51)))
    assert session.dr == 2


def test_no_back_off_step_is_skipped_when_one_send_makes_two_uplinks():
    for before in (95, 96, 127, 128):
        world = World()
        world.run(world.joined())
        session = world.mac.session
        session.unanswered = before
        session.dr = 3
        for _ in range(2):
            apply(world.mac, b"\x06" * 6, 36)
            world.run(world.mac.send(10, b"x"))

        assert len(world.server.uplinks) == 4
        assert session.dr == 2, before


def test_a_step_is_made_once_however_often_it_is_asked():
    world = World()
    world.run(world.joined())
    session = world.mac.session
    session.unanswered = 96

    for _ in range(5):
        world.mac.max_payload()
    assert session.dr == 4
    world.run(world.mac.send(10, b"x"))
    assert session.dr == 4
    session.unanswered = 0
    world.mac.max_payload()
    session.unanswered = 96
    world.mac.max_payload()
    assert session.dr == 3


def down(world, size):
    """A downlink of so many bytes of MACPayload."""
    return world.server.down(30, bytes(size - 8))


def test_a_downlink_longer_than_its_data_rate_allows_is_dropped():
    for window, dr in ((1, 0), (1, 3), (2, 0)):
        longest = (59, 59, 59, 123)[dr]
        world = World()
        world.run(world.joined())
        world.mac.session.dr = dr
        world.server.window = window
        replies = [{"fport": 30, "data": bytes(size)} for size in (longest - 7, longest - 8)]
        world.server.reply = lambda uplink, replies=replies: replies.pop(0)

        sent = [world.run(world.mac.send(10, b"x")) for _ in range(2)]

        assert [one.heard for one in sent] == [False, True], (window, dr)
        assert [len(one[1]) for one in world.heard] == [longest - 8]
        assert world.mac.session.fcnt_down == 1


def test_class_c_drops_a_downlink_that_is_too_long():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        for size in (60, 59):
            at = world.clock.us() + 60000000
            world.send(down(world, size), at, RX2)
            await world.clock.sleep_until_us(at + 20000000)

    world.run(story())

    assert [len(one[1]) for one in world.heard] == [51]


def test_dwell_time_of_downlinks_shortens_them_but_not_a_join_accept():
    world = World(AS923)
    world.server.settings = b"\x02\x01"
    world.server.cflist = bytes(16)
    limits.limit(world.mac.plan, 16, 3)
    world.server.rx1 = lambda freq, sf, bw: (freq, 10, 125000)
    world.mac.plan.rx1_dr = lambda dr, offset: 2
    world.run(world.joined())

    limits.limit(world.mac.plan, 16, 3)
    sizes = [20, 19]
    world.server.reply = lambda uplink: {"fport": 30, "data": bytes(sizes.pop(0) - 8)}
    sent = [world.run(world.mac.send(10, b"x")) for _ in range(2)]

    assert [one.heard for one in sent] == [False, True]


def test_a_downlink_without_acknowledgement_ends_the_repeats_too():
    world = World()
    world.run(world.joined())
    world.server.reply = lambda uplink: {"fport": 30, "data": b"dim"}

    sent = world.run(world.mac.send(10, b"x", True))

    assert (sent.acked, sent.heard, sent.tries) == (False, True, 1)


def test_what_was_heard_and_acknowledged_is_a_bool():
    world = World()
    world.run(world.joined())
    replies = [None, {"ack": True}, {}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    first = world.run(world.mac.send(10, b"x", True))
    assert first.acked is True and first.heard is True
    second = world.run(world.mac.send(10, b"x", True))
    assert second.acked is False and second.heard is True
    third = world.run(world.mac.send(10, b"x", True))
    assert third.acked is False and third.heard is False
    assert apply(world.mac, bytes.fromhex(adr(5, 0, 7) + "06" + adr(5, 0, 7)), 36) is True


def test_the_margin_is_the_snr_to_the_nearest_db():
    world = World()
    world.run(world.joined())

    for snr_x4, margin in ((27, 7), (25, 6), (-1, 0), (-3, -1), (-30, -7), (-31, -8)):
        world.mac._take(world.server.down(fopts=b"\x06"), -80, snr_x4)
        assert world.mac.answers.riders()[2] == margin & 63, snr_x4
        assert world.mac.snr == margin
        world.mac.answers.sent()
