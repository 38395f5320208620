"""The MAC in a fake world: joining, windows, counters, repeats, ADR, class C, duty cycle."""

from lorawan import frame, join
from lorawan.frame import window
from lorawan.mac import GPS_EPOCH_S, LEAP_S, MacError
from tests.fake_network import ADDR, World


def ack(uplink):
    return {"ack": True} if uplink[5] else None


def test_it_joins_sends_and_hears_the_answer():
    world = World()
    world.server.reply = lambda uplink: {"fport": 30, "data": b"dim", "ack": uplink[5]}

    async def story():
        assert await world.mac.join()
        return await world.mac.send(10, b"reading", True)

    sent = world.run(story())

    assert world.mac.dev_addr == ADDR
    assert sent == (True, True, 0, 5, 1)
    assert world.server.uplinks == [(0, 0x80, b"", 10, b"reading", True)]
    assert world.heard == [(30, b"dim", False)]
    assert world.radio.asleep
    assert (world.mac.rssi, world.mac.snr) == (-80, 9)


def test_windows_open_from_the_measured_end_of_transmission():
    world = World()
    world.server.answers_join = False
    world.run(world.mac.join())

    end = world.sent[0][1]
    first, second = world.radio.windows
    freq = world.sent[0][2]
    assert end + 5000000 - 2000 < first[0] <= end + 5000000
    assert first[2:] == (freq, 7, 125000)
    assert second[0] == end + 6000000
    assert second[1:] == (6, 869525000, 12, 125000)


def test_a_join_accept_in_the_second_window_is_taken():
    world = World()
    world.server.window = 2

    assert world.run(world.mac.join())


def test_windows_are_sized_by_the_error_and_never_open_late():
    # (symbol us, error us) -> the numbers of LoRaMac's formula without the radio's wake-up time
    assert window(1024, 5000) == (14, -3072)
    assert window(1024, 20000) == (44, -18432)
    assert window(4096, 20000) == (14, -12288)
    assert window(1024, 1000) == (6, 0)
    assert window(32768, 5000) == (6, 0)
    for sf in range(7, 13):
        symbol = (1 << sf) * 8
        for error in (0, 500, 1000, 5000, 50000, 100000):
            symbols, offset = window(symbol, error)
            assert offset <= 0 and symbols >= 6
            assert offset + symbols * symbol < 1000000, "overlaps RX2"
            # six symbols of a preamble of eight lie in the window, early or late by the error
            assert offset + symbols * symbol >= error + 5 * symbol or error > 40000
            assert -error + 3 * symbol >= offset


def test_dev_nonce_counts_and_is_saved_before_the_request_is_sent():
    world = World()
    world.server.answers_join = False

    async def story():
        for _ in range(3):
            assert not await world.mac.join()

    world.run(story())
    world.start()
    world.server.answers_join = True
    world.run(world.mac.join())

    assert world.server.nonces == [0, 1, 2, 3]


def test_dev_nonces_end_with_a_sentence():
    world = World()
    world.mac._attempts().dev_nonce = 65536

    try:
        world.run(world.mac.join())
        raise AssertionError
    except MacError as error:
        assert "JoinEUI" in str(error)
    assert world.sent == []


def test_a_replayed_join_accept_is_refused_also_after_a_reboot():
    world = World()
    world.run(world.mac.join())
    world.server.replays = world.server.accept
    world.server.answers_join = False
    for _ in range(2):
        assert not world.run(world.mac.join())
        assert world.mac.refused == 1
        world.start()


def test_counters_of_another_session_are_not_used():
    world = World()

    async def story():
        await world.joined()
        for _ in range(3):
            await world.mac.send(10, b"x")
        await world.mac.join()

    world.run(story())
    world.start()

    assert world.mac.joined
    assert world.run(world.mac.send(10, b"x")).fcnt == 0


def test_windows_grow_with_the_measured_error_and_the_delay():
    world = World()
    world.server.settings = b"\x00\x0f"
    world.radio.error_us = 20000

    async def story():
        await world.joined()
        await world.mac.send(10, b"x")

    world.run(story())

    joined, first, second = world.radio.windows
    assert (joined[1], joined[0] - world.sent[0][1] - 5000000) == window(1024, 20200)
    assert (first[1], first[0] - world.sent[1][1] - 15000000) == window(1024, 20600)
    assert (second[1], second[0] - world.sent[1][1] - 16000000) == window(32768, 20640)


def test_channels_delays_and_rates_of_the_join_accept_are_used():
    world = World()
    world.server.cflist = bytes.fromhex("184f84e85684b85e84886684586e8400")
    world.server.settings = b"\x13\x05"  # RX1 offset 1, RX2 DR3, delay 5
    world.run(world.mac.join())
    session = world.mac.session

    world.run(world.mac.send(10, b"x"))

    assert [channel[0] for channel in session.channels[3:]] == [
        867100000, 867300000, 867500000, 867700000, 867900000,
    ]  # fmt: skip
    assert session.mask == 0xFF
    end, freq = world.sent[1][1:3]
    first, second = world.radio.windows[1:]
    assert first[2:] == (freq, 8, 125000)
    assert end + 4990000 < first[0] <= end + 5000000
    assert second[2:] == (869525000, 9, 125000)


def test_a_reboot_goes_on_with_the_session_and_a_greater_counter():
    world = World()
    world.server.reply = lambda uplink: {"fport": 30, "data": b"c"}

    async def first():
        await world.joined()
        for _ in range(3):
            await world.mac.send(10, b"x")

    async def second():
        return await world.mac.send(10, b"y")

    world.run(first())
    world.start()
    assert world.mac.joined
    sent = world.run(second())

    assert sent.fcnt == 32
    assert sent.heard
    assert world.mac.session.fcnt_down == 3
    assert len(world.server.nonces) == 1


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


def test_other_keys_make_another_session():
    world = World()
    world.run(world.mac.join())
    from lorawan.crypto import aes
    from lorawan.mac import Mac
    from lorawan.region import eu868

    other = Mac(
        world.radio,
        world.clock,
        world.random,
        aes,
        world.store,
        eu868,
        bytes(8),
        bytes(8),
        bytes(16),
    )

    assert not other.joined


def test_a_confirmed_uplink_is_repeated_as_the_same_frame_until_acknowledged():
    world = World()
    answers = [None, None, {"ack": True}]
    world.server.reply = lambda uplink: answers.pop(0)

    async def story():
        await world.joined()
        world.mac._spend = lambda freq, air_us, end_us: None  # duty cycle would wait longer
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

    assert (sent.acked, sent.heard, sent.tries) == (False, False, 4)


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
        session.mask = 1
        for _ in range(300):
            await world.mac.send(10, b"x")
            asked.append((session.power, session.dr, session.repeats, session.mask))

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
    world.server.cflist = bytes.fromhex("184f84e85684b85e84886684586e8400")

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


def test_join_attempts_stay_within_the_tiers():
    assert join.window(0) == (3600, 36000)
    assert join.window(3600) == (39600, 36000)
    assert join.window(39600) == (126000, 8700)
    world = World()
    world.server.answers_join = False

    async def story():
        while world.clock.us() < 3 * 86400 * 1000000:
            await world.mac.join()
            if len(world.sent) % 20 == 0:
                world.start()  # a crash loop does not reset the tiers

    world.run(story())

    start = world.sent[0][0]
    spent = {}
    for begin, end in [one[:2] for one in world.sent]:
        tier = join.window((begin - start) // 1000000)
        spent[tier] = spent.get(tier, 0) + (end - begin) // 1000
    assert len(spent) >= 3, spent
    for (_, allowed), air in spent.items():
        assert air <= allowed


def test_class_c_hears_a_downlink_between_uplinks_and_acknowledges_it():
    world = World()
    there = (869525000, 12, 125000)

    async def story():
        world.mac.set_class("C")
        await world.joined()
        await world.mac.send(10, b"x")
        at = world.clock.us() + 60000000
        down = world.server.down(30, b"dim", confirmed=True)
        world.send(down, at, there)
        await world.clock.sleep_until_us(at + 20000000)
        return at + frame.time_on_air_us(12, 125000, len(down), False)

    end = world.run(story())

    assert world.heard == [(30, b"dim", True)]
    assert world.server.uplinks[1][1] & 0x20
    assert world.server.uplinks[1][3] is None
    assert 0 < world.sent[2][0] - end <= 8000000, "CLASS_C_RESP_TIMEOUT"


def test_class_c_takes_an_answer_in_the_second_window_as_class_a():
    world = World()
    world.server.window = 2
    world.server.reply = ack

    async def story():
        world.mac.set_class("C")
        await world.joined()
        return await world.mac.send(10, b"x", True)

    sent = world.run(story())

    assert (sent.acked, sent.heard, sent.tries) == (True, True, 1)
    assert world.mac.session.unanswered == 0


def test_class_c_does_not_disturb_a_long_answer_that_ends_after_the_exchange():
    world = World()
    world.server.window = 2
    world.server.reply = lambda uplink: {"fport": 30, "data": bytes(50)}

    async def story():
        world.mac.set_class("C")
        await world.joined()
        await world.mac.send(10, b"x")
        await world.clock.sleep_until_us(world.clock.us() + 5000000)

    world.run(story())

    assert world.heard == [(30, bytes(50), False)]
    assert world.mac.session.unanswered == 0


def test_class_c_takes_an_answer_in_the_first_window():
    world = World()
    world.server.reply = ack

    async def story():
        world.mac.set_class("C")
        await world.joined()
        return await world.mac.send(10, b"x", True)

    assert world.run(story()).acked
    assert world.radio.listening[0] == (869525000, 12, 125000)


def test_class_c_hears_between_transmission_and_first_window():
    world = World()
    world.server.settings = b"\x05\x03"  # RX2 at DR5, delay 3 s: a short frame fits before

    def reply(uplink):
        end = world.clock.us()
        world.send(world.server.down(30, b"early"), end + 500000, (869525000, 7, 125000))

    async def story():
        world.mac.set_class("C")
        await world.joined()
        world.server.reply = reply
        await world.mac.send(10, b"x")

    world.run(story())

    assert world.heard == [(30, b"early", False)]


def test_forged_and_foreign_frames_change_nothing():
    world = World()

    async def story():
        world.mac.set_class("C")
        await world.joined()
        good = world.server.down(30, b"x")
        for at in range(len(good)):
            for bit in (1, 128):
                forged = bytearray(good)
                forged[at] ^= bit
                world.mac._overheard(bytes(forged), -80, 10)
        world.mac._overheard(good[:-1], -80, 10)
        world.mac._overheard(good + b"\0", -80, 10)

        return len(good)

    size = world.run(story())

    assert world.heard == []
    assert world.mac.session.fcnt_down == -1
    assert world.mac.refused == 2 * size + 2
    assert world.store.saves == 3  # the attempt, the accepted nonce, the session
