"""Uplinks and their answers in a fake world: repeats, ADR, duty cycle, time, link checks."""

from lorawan.commands import GPS_EPOCH_S, LEAP_S
from lorawan.mac import MacError
from tests.fake_network import World

EU868_CFLIST = bytes.fromhex("184f84e85684b85e84886684586e8400")
"""867.1 to 867.9 MHz, as ChirpStack's region file has them."""


def test_the_wait_is_that_of_the_sub_band_that_is_free_first():
    world = World()
    channels = [0, 1, 2]
    world.mac.plan.channels = [[freq, freq, 0x50] for freq in (868100000, 867100000, 869525000)]
    duty = world.mac.duty
    duty.free_us[:] = [0, 7000, 5000, 0, 9000, 0]
    duty.all_free_us = 9000

    assert duty.pick(channels, world.mac.random) == (5000, None)
    duty.silent_us = 8000
    assert duty.pick(channels, world.mac.random) == (8000, None)
    duty.silent_us = 0
    world.clock.now = 5000
    assert duty.pick(channels, world.mac.random) == (0, 0)
    world.clock.now = 9000
    assert duty.pick(channels, world.mac.random)[1] in channels


def test_the_first_frames_of_a_session_leave_the_channels_of_the_join_to_others():
    world = World()
    world.server.cflist = EU868_CFLIST
    used = []

    async def story():
        await world.joined()
        own = world.mac.plan.own(5)
        for _ in range(40):
            await world.mac.send(10, b"x")
            used.append(world.mac.duty.last_channel)
        return own

    own = world.run(story())

    assert not set(used[:4]) & set(own)
    assert set(used) >= set(own)


def test_at_a_slow_rate_the_first_frames_take_every_sub_band():
    world = World()
    world.server.cflist = EU868_CFLIST

    async def story():
        await world.joined()
        await world.clock.sleep_until_us(world.mac.duty.all_free_us)
        return {world.mac.pick(0)[1] for _ in range(60)}

    assert world.run(story()) == set(range(8)) - {world.mac.duty.last_channel}


def test_counters_cost_one_save_in_32_uplinks():
    world = World()

    async def story():
        await world.joined()
        before = world.store.saves
        for _ in range(64):
            await world.mac.send(10, b"x")
        return world.store.saves - before

    assert world.run(story()) == 2


def test_a_replayed_downlink_is_refused_also_after_a_reboot():
    world = World()

    async def story():
        await world.joined()
        world.server.reply = lambda uplink: {"fport": 30, "data": b"once"}
        await world.mac.send(10, b"x")

    world.run(story())
    world.server.reply = lambda uplink: {"fport": 30, "data": b"once", "fcnt": 0}
    world.run(world.mac.send(10, b"x"))
    world.start()
    world.run(world.mac.send(10, b"x"))

    assert world.heard == [(30, b"once", False)]


def test_a_confirmed_uplink_is_repeated_as_the_same_frame_until_acknowledged():
    world = World()
    answers = [None, None, {"ack": True}]
    world.server.reply = lambda uplink: answers.pop(0)

    async def story():
        await world.joined()
        world.mac.duty.spend = lambda freq, air_us, end_us: None  # duty cycle would wait longer
        return await world.mac.send(10, b"x", True)

    sent = world.run(story())

    assert (sent.acked, sent.tries) == (True, 3)
    frames = [one[6] for one in world.sent[1:]]
    assert frames[0] == frames[1] == frames[2] and len(frames) == 3
    for before, after in zip(world.sent[1:], world.sent[2:]):
        assert before[2] != after[2], "the same channel twice"
        assert 3190000 <= after[0] - before[1] <= 5200000, "RX2 and RETRANSMIT_TIMEOUT"
    assert len(world.server.uplinks) == 1


def test_a_confirmed_uplink_nobody_answers_ends():
    world = World()

    async def story():
        await world.joined()
        return await world.mac.send(10, b"x", True)

    sent = world.run(story())

    assert (sent.acked, sent.heard, sent.tries) == (False, False, 3)


def test_unconfirmed_uplinks_are_repeated_as_the_network_set_until_it_answers():
    world = World()
    counts = []

    async def story():
        await world.joined()
        world.mac.session.repeats = 3
        await world.mac.send(10, b"x")
        counts.append(len(world.sent))
        world.server.reply = lambda uplink: {}
        await world.mac.send(10, b"x")
        counts.append(len(world.sent))

    world.run(story())

    assert counts == [4, 5]


def test_a_confirmed_downlink_is_acknowledged_by_the_next_uplink():
    world = World()
    replies = [{"fport": 30, "data": b"x", "confirmed": True}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    async def story():
        await world.joined()
        await world.mac.send(10, b"a")
        assert world.mac.uplink_wanted
        await world.mac.send(None)
        assert not world.mac.uplink_wanted
        await world.mac.send(10, b"b")

    world.run(story())

    assert [one[1] & 0x20 for one in world.server.uplinks] == [0, 0x20, 0]
    assert world.server.uplinks[1][3] is None


def test_adr_backs_off_when_nobody_answers():
    world = World()
    asked = []

    async def story():
        await world.joined()
        session = world.mac.session
        session.power, session.repeats = 3, 2
        world.mac.plan.mask = 1
        for _ in range(300):
            await world.mac.send(10, b"x")
            asked.append((session.power, session.dr, session.repeats, world.mac.plan.mask))

    world.run(story())

    flags = [one[1] & 0x40 for one in world.server.uplinks]
    assert flags.index(0x40) == 64 and 0 not in flags[64:]
    assert asked[95] == (3, 5, 2, 1) and asked[96] == (0, 5, 2, 1)
    assert asked[127][1] == 5 and asked[128][1] == 4 and asked[160][1] == 3
    assert asked[256] == (0, 0, 2, 1) and asked[288] == (0, 0, 1, 7)


def test_any_class_a_downlink_ends_the_back_off():
    world = World()

    async def story():
        await world.joined()
        world.mac.session.unanswered = 70
        world.server.reply = lambda uplink: {}
        await world.mac.send(10, b"x")

    world.run(story())

    assert world.server.uplinks[0][1] & 0x40
    assert world.mac.session.unanswered == 0


def test_every_sub_band_rests_for_its_duty_cycle():
    world = World()
    world.server.cflist = EU868_CFLIST

    async def story():
        await world.joined()
        for _ in range(200):
            await world.mac.send(10, bytes(20))

    world.run(story())

    assert world.clock.us() < 24 * 3600 * 1000000
    for low, high, part in ((868000000, 868600000, 100), (865000000, 868000000, 100)):
        spent = [one for one in world.sent if low <= one[2] < high]
        air = sum([one[1] - one[0] for one in spent[:-1]])
        assert len(spent) > 50
        assert air * part <= spent[-1][0] - spent[0][0]


def test_the_networks_duty_cycle_holds_for_all_bands():
    world = World()
    replies = [{"fopts": b"\x04\x0a"}]
    world.server.reply = lambda uplink: replies.pop(0) if replies else None

    async def story():
        await world.joined()
        for _ in range(3):
            await world.mac.send(10, b"x")

    world.run(story())

    before, after = world.sent[2:4]
    assert after[0] - before[1] >= (before[1] - before[0]) * 1023


def test_the_power_is_what_the_network_set():
    world = World()

    async def story():
        await world.joined()
        world.mac.session.power = 5
        await world.mac.send(10, b"x")

    world.run(story())

    assert [one[5] for one in world.sent] == [14, 4]


def test_a_stronger_antenna_gets_less_power():
    world = World()
    world.radio.antenna_dbi = 9
    world.start_mac()

    async def story():
        await world.joined()
        await world.mac.send(10, b"x")

    world.run(story())

    assert [one[5] for one in world.sent] == [7, 7]


def test_data_longer_than_the_rate_takes_is_refused_with_a_sentence():
    world = World()

    async def story():
        await world.joined()
        world.mac.session.dr = 0
        assert world.mac.max_payload() == 51
        try:
            await world.mac.send(10, bytes(52))
        except MacError as error:
            return str(error)

    assert world.run(story()) == "52 bytes do not fit, DR0 takes 51"


def test_time_is_told_for_the_end_of_the_uplink():
    world = World()
    told = []
    world.mac.on_time = lambda unix_us, at_us: told.append((unix_us, at_us))
    gps = 1436486418  # 2025-07-14T00:00:00Z, brocaar/lorawan gps_test.go
    answer = b"\x0d" + gps.to_bytes(4, "little") + b"\x80"
    world.server.reply = lambda uplink: {"fopts": answer} if b"\x0d" in uplink[2] else None

    async def story():
        await world.joined()
        world.mac.ask_time()
        await world.mac.send(10, b"x")
        await world.mac.send(10, b"x")

    world.run(story())

    assert GPS_EPOCH_S - LEAP_S + gps == 1752451200
    assert told == [(1752451200500000, world.sent[1][1])]
    assert [one[2] for one in world.server.uplinks] == [b"\x0d", b""]


def test_a_link_check_tells_margin_and_gateways():
    world = World()
    world.server.reply = lambda uplink: {"fopts": b"\x02\x12\x03"}

    async def story():
        await world.joined()
        world.mac.ask_link()
        await world.mac.send(10, b"x")

    world.run(story())

    assert world.server.uplinks[0][2] == b"\x02"
    assert world.mac.link == (18, 3)
