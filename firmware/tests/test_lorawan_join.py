"""Joining and its windows, nonces, sessions over restarts, the air that joining may cost."""

import sys

from lorawan.frame import window
from lorawan.mac import MacError
from tests.fake_network import ADDR, World


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


def test_code_that_is_rarely_needed_is_not_kept():
    world = World()
    world.server.reply = lambda uplink: {"fopts": b"\x04\x00"}

    async def story():
        await world.joined()
        await world.mac.send(10, b"x")

    world.run(story())

    for name in ("join", "activation", "saved", "commands", "plan.dynamic_setup"):
        assert "lorawan." + name not in sys.modules
        package, _, leaf = ("lorawan." + name).rpartition(".")
        assert not hasattr(sys.modules[package], leaf)


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
    assert window(1024, 2400) == (10, -1024), "9 would be counted as 10, half a symbol late"
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
    world.mac._attempts().used.dev_nonce = 65536

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
        return await world.mac.send(10, b"x")

    assert world.run(story()).fcnt == 0
    world.start()

    assert world.mac.joined
    assert world.run(world.mac.send(10, b"x")).fcnt == 32


def test_a_cut_before_the_first_uplink_of_a_new_session_keeps_the_old_counters_out():
    world = World()

    async def story():
        await world.joined()
        for _ in range(3):
            await world.mac.send(10, b"x")
        await world.mac.join()

    world.run(story())
    world.start()

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
    plan = world.mac.plan

    world.run(world.mac.send(10, b"x"))

    assert [channel[0] for channel in plan.channels[3:]] == [
        867100000, 867300000, 867500000, 867700000, 867900000,
    ]  # fmt: skip
    assert plan.mask == 0xFF
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


def test_a_board_that_starts_again_and_again_keeps_the_duty_cycle():
    world = World()
    world.server.answers_join = False
    for _ in range(20):
        world.run(world.mac.join())
        world.start()
    world.server.answers_join = True
    world.run(world.joined())
    for _ in range(20):
        world.run(world.mac.send(10, b"x"))
        world.start()

    for before, after in zip(world.sent, world.sent[1:]):
        if after[2] != before[2]:  # 868.1 to 868.5 MHz share one sub-band
            assert 868000000 <= after[2] < 868600000
        assert after[0] - before[1] >= (before[1] - before[0]) * 98


def test_a_join_accept_comes_where_the_request_went_whatever_dl_channel_moved():
    world = World()

    async def story():
        await world.joined()
        for channel in world.mac.plan.channels:
            channel[1] = 869525000  # DlChannelReq
        assert await world.mac.join()

    world.run(story())

    assert world.radio.windows[-1][2] == world.sent[-1][2]


def test_joins_do_not_stay_on_one_channel():
    world = World()
    world.server.answers_join = False

    async def story():
        for _ in range(30):
            await world.mac.join()

    world.run(story())

    for before, after in zip(world.sent, world.sent[1:]):
        assert before[2] != after[2]


def test_the_networks_duty_cycle_ends_with_the_session():
    world = World()

    async def story():
        await world.joined()
        world.mac.session.duty = 15
        await world.mac.send(10, b"x")
        silent_us = world.mac.duty.silent_us
        world.server.answers_join = False
        await world.mac.join()
        assert world.mac.duty.silent_us == silent_us

    world.run(story())


def test_boards_that_get_power_together_ask_in_slots_and_on_one_channel_a_slot():
    channels = {}
    for seed in range(12345, 12365):
        world = World()
        world._seed = seed
        world.server.answers_join = False
        for _ in range(8):
            world.run(world.mac.join())
        for begin, _, freq, _, _, _, _ in world.sent:
            assert begin % 125000 == 0
            slot = begin // 125000
            assert channels.setdefault(slot % 3, freq) == freq
    assert len(set(channels.values())) == 3
