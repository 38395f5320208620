"""What is sent when, and again until it is acknowledged, over the real MAC in a fake world."""

import sys

from tests.link_world import LinkWorld

# isort: split
from wire import decoding


def test_reports_go_first_and_readings_take_the_one_before_along():
    linked = LinkWorld()

    async def story():
        assert await linked.link.exchange.join()
        linked.read(1)
        linked.outbox.report(
            "applied", {"token": 5, "result": 0, "reason": 0, "config_version": 1}
        )
        await linked.send_all()
        for _ in range(4):
            linked.read(1)
            await linked.send_all()

    linked.world.run(story())

    assert linked.uplinks() == [
        (21, None, True),
        (10, [0], False),
        (10, [1, 0], False),
        (10, [2, 1], False),
        (10, [3, 2], True),
        (10, [4], False),
    ]
    assert linked.link.wait_us() is None


def test_what_nobody_acknowledged_goes_again():
    linked = LinkWorld(every=2)

    async def story():
        await linked.link.exchange.join()
        linked.acks = False
        for _ in range(2):
            linked.read(1)
            await linked.link.run_once()
        assert linked.journal.waiting() == 2
        assert linked.link.wait_us() > 5000000
        linked.acks = True
        await linked.send_all()

    linked.world.run(story())

    sent = linked.uplinks()
    assert sent[:2] == [(10, [0], False), (10, [1, 0], True)]
    assert sent[2:4] == [(10, [0], False), (10, [1, 0], True)]
    assert "NOT acknowledged" in " ".join(linked.log.lines)


def test_a_backlog_goes_in_frames_as_long_as_the_data_rate_takes():
    linked = LinkWorld(every=1)

    async def story():
        linked.read(60)
        await linked.link.exchange.join()
        await linked.send_all()

    linked.world.run(story())

    seqs = [seq for _, seqs, _ in linked.uplinks() for seq in reversed(seqs)]
    assert seqs == list(range(60))
    assert len(linked.uplinks()) < 8


def test_a_report_is_repeated_until_it_is_acknowledged():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        linked.acks = False
        linked.outbox.report(
            "applied", {"token": 5, "result": 0, "reason": 0, "config_version": 1}
        )
        await linked.link.run_once()
        assert linked.link.wait_us() is not None
        linked.acks = True
        await linked.send_all()

    linked.world.run(story())

    confirmed = [(fport, asked) for fport, _, asked in linked.uplinks()]
    assert confirmed == [(21, True), (21, False), (21, True)]  # ADRACKReq finds the network again
    assert linked.link.wait_us() is None


def test_joining_twice_at_once_is_one_join():
    linked = LinkWorld()

    async def story():
        assert await linked.link.exchange.join()
        assert await linked.link.exchange.join()

    linked.world.run(story())

    assert linked.world.server.nonces == [0]


def test_the_table_is_gone_when_a_report_is_made():
    linked = LinkWorld()

    async def story():
        await linked.link.exchange.join()
        linked.outbox.report(
            "applied", {"token": 7, "result": 0, "reason": 0, "config_version": 1}
        )
        await linked.send_all()

    linked.world.run(story())

    assert "wire.table" not in sys.modules
    assert [one[0] for one in linked.uplinks()] == [21]


def test_downlinks_wait_for_somebody_to_act():
    linked = LinkWorld()
    linked.world.server.reply = lambda uplink: {"fport": 31, "data": b"abc", "ack": True}

    async def story():
        await linked.link.exchange.join()
        linked.read(1)
        await linked.link.run_once()

    linked.world.run(story())

    assert linked.inbox == [(31, b"abc")]


def test_a_reading_counts_as_sent_only_when_the_radio_has_sent_it():
    linked = LinkWorld(every=3)
    radio = linked.world.radio
    transmit = radio.transmit
    failures = [OSError("busy"), OSError("busy")]

    async def failing(*arguments):
        if failures:
            raise failures.pop()
        return await transmit(*arguments)

    async def story():
        await linked.link.exchange.join()
        radio.transmit = failing
        radio.start = lambda: None
        for _ in range(2):
            linked.read()
            try:
                await linked.link.run_once()
            except OSError:
                linked.link.listen()
        assert linked.journal.waiting() == 2
        await linked.send_all()
        linked.read()
        await linked.send_all()

    linked.world.run(story())

    assert not failures
    numbers = {seq for _, seqs, _ in linked.uplinks() for seq in seqs or ()}
    assert numbers == {0, 1, 2}


def test_a_slow_data_rate_takes_one_reading_and_not_the_one_before():
    linked = LinkWorld()
    linked.read(2)

    async def story():
        first = await linked.outbox.next(11)
        linked.outbox.done(False)
        second = await linked.outbox.next(11)
        linked.outbox.done(False)
        linked.read(1)
        third = await linked.outbox.next(21)
        return [decoding.unpack(*frame[:2])[1] for frame in (first, second, third)]

    frames = linked.world.run(story())

    assert [[one["seq"] for one in frame] for frame in frames] == [[0], [1], [2, 1]]


def test_a_radio_that_failed_is_started_again_before_it_listens():
    linked = LinkWorld()
    radio, starts = linked.world.radio, []
    radio.start = lambda: starts.append(linked.clock.now)

    async def broken(*_):
        raise OSError("sx126x: no end of transmission")

    async def story():
        await linked.link.run_once()
        linked.link.listen()
        assert not starts
        right, radio.transmit = radio.transmit, broken
        linked.read(1)
        try:
            await linked.link.run_once()
            raise AssertionError("the error was swallowed")
        except OSError:
            pass
        radio.transmit = right
        linked.link.listen()
        linked.link.listen()
        assert len(starts) == 1

    linked.world.run(story())


def test_a_device_that_used_up_its_dev_nonces_waits_for_a_person():
    linked = LinkWorld()
    linked.link.mac._attempts().used.dev_nonce = 65536

    async def story():
        for _ in range(3):
            if linked.link.wait_us() == 0:
                await linked.link.run_once()
        return linked.link.wait_us()

    assert linked.world.run(story()) > 60000000
