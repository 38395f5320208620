"""What is sent when, and again until it is acknowledged, over the real MAC in a fake world."""

import asyncio
import sys

from tests.fake_device import Log, folder
from tests.fake_network import APP_KEY, DEV_EUI, JOIN_EUI, World

# isort: split
from node.journal import Journal
from node.links.lorawan import Link
from node.outbox import Outbox
from node.store import Store
from wire import codec, decoding


class Config(dict):
    """Settings of a device that is known to the world's server."""

    boots = 3


class Power:
    """Supply of a sleeper whose board measures none."""

    sleeper = True

    def battery_mv(self):
        return None


class Street:
    """What a link needs of a node, in the fake world; `acks`: does the server acknowledge?"""

    def __init__(self, every=4):
        self.world = world = World()
        self.path = folder()
        self.clock, self.log, self.store = world.clock, Log(), world.store
        self.clock.uptime_s = lambda: self.clock.now // 1000000
        self.clock.unix = lambda: 0
        self.clock.set_unix = lambda unix_us, at_us, error_ms: None
        world.radio.random = world.random
        world.radio.window_in_ms = lambda: 1 << 29
        self.journal = Journal(Store(self.path + "/state"), self.path + "/journal")
        self.config = Config(
            dev_eui=DEV_EUI.hex(), join_eui=JOIN_EUI.hex(), app_key=APP_KEY.hex(),
            region="eu868", confirm_every=every, report_s=600,
        )  # fmt: skip
        self.power = Power()
        self.lock = asyncio.Lock()
        self.inbox = []
        self.due_us = 0
        self.spread_s = 0
        self.answers = 0
        self.outbox = Outbox(self.journal, self.config, self.clock, self.gap)
        self.link = Link(self, world.radio)
        self.acks = True
        world.server.reply = self._reply

    async def gap(self, _ms):
        pass

    def received(self, fport, data):
        self.inbox.append((fport, data))

    def heard(self):
        self.answers += 1

    def _reply(self, uplink):
        asks = uplink[5] or uplink[1] & 0x40  # confirmed, or ADRACKReq
        return {"ack": uplink[5]} if asks and self.acks else None

    def read(self, count=1):
        for _ in range(count):
            fields = {"seq": self.journal.next_seq, "age": 0, "valid": 7}
            fields.update(dict.fromkeys(("obstructed", "suspect", "low_battery"), 0))
            fields["uncalibrated"] = 0
            data = codec.pack("bin", fields)
            self.journal.add(3, self.clock.uptime_s(), 0, 10, data)

    async def send_all(self):
        """Everything that waits, in the time it takes."""
        while True:
            wait_us = self.link.wait_us()
            if wait_us is None:
                return
            await self.clock.sleep_until_us(self.clock.now + wait_us)
            if self.link.wait_us() == 0:
                await self.link.run_once()

    def uplinks(self):
        """(port, sequence numbers, confirmed) of what the server took."""
        found = []
        for _, _, _, fport, payload, confirmed in self.world.server.uplinks:
            seqs = None
            if fport == 10:
                seqs = [one["seq"] for one in decoding.unpack(10, payload)[1]]
            found.append((fport, seqs, confirmed))
        return found


def test_reports_go_first_and_readings_take_the_one_before_along():
    street = Street()

    async def story():
        assert await street.link.exchange.join()
        street.read(1)
        street.outbox.report(
            "applied", {"token": 5, "result": 0, "reason": 0, "config_version": 1}
        )
        await street.send_all()
        for _ in range(4):
            street.read(1)
            await street.send_all()

    street.world.run(story())

    assert street.uplinks() == [
        (21, None, True),
        (10, [0], False),
        (10, [1, 0], False),
        (10, [2, 1], False),
        (10, [3, 2], True),
        (10, [4], False),
    ]
    assert street.link.wait_us() is None


def test_what_nobody_acknowledged_goes_again():
    street = Street(every=2)

    async def story():
        await street.link.exchange.join()
        street.acks = False
        for _ in range(2):
            street.read(1)
            await street.link.run_once()
        assert street.journal.waiting() == 2
        assert street.link.wait_us() > 5000000
        street.acks = True
        await street.send_all()

    street.world.run(story())

    sent = street.uplinks()
    assert sent[:2] == [(10, [0], False), (10, [1, 0], True)]
    assert sent[2:4] == [(10, [0], False), (10, [1, 0], True)]
    assert "NOT acknowledged" in " ".join(street.log.lines)


def test_a_backlog_goes_in_frames_as_long_as_the_data_rate_takes():
    street = Street(every=1)

    async def story():
        street.read(60)
        await street.link.exchange.join()
        await street.send_all()

    street.world.run(story())

    seqs = [seq for _, seqs, _ in street.uplinks() for seq in reversed(seqs)]
    assert seqs == list(range(60))
    assert len(street.uplinks()) < 8


def test_a_report_is_repeated_until_it_is_acknowledged():
    street = Street()

    async def story():
        await street.link.exchange.join()
        street.acks = False
        street.outbox.report(
            "applied", {"token": 5, "result": 0, "reason": 0, "config_version": 1}
        )
        await street.link.run_once()
        assert street.link.wait_us() is not None
        street.acks = True
        await street.send_all()

    street.world.run(story())

    confirmed = [(fport, asked) for fport, _, asked in street.uplinks()]
    assert confirmed == [(21, True), (21, False), (21, True)]  # ADRACKReq finds the network again
    assert street.link.wait_us() is None


async def live(street, until_s, period_s=600):
    """Read and talk as a node does."""
    while street.clock.now < until_s * 1000000:
        if street.clock.now >= street.due_us:
            street.read(1)
            street.due_us += period_s * 1000000
        wait_us = street.link.wait_us()
        while wait_us == 0:
            await street.link.run_once()
            wait_us = street.link.wait_us()
        next_us = street.due_us if wait_us is None else street.clock.now + wait_us
        await street.clock.sleep_until_us(min(next_us, street.due_us, until_s * 1000000))


def test_a_session_goes_on_beside_attempts_to_join_while_nobody_answers():
    street = Street()

    async def story():
        await street.link.exchange.join()
        await live(street, 3600)
        street.acks = street.world.server.answers_join = False
        await live(street, 5 * 3600)

    street.world.run(story())

    server = street.world.server
    assert street.link.ready
    assert len(server.nonces) > 20
    silent = [one for one in server.uplinks if one[1] & 0x40]
    assert len(silent) > 20
    assert not any(one[5] for one in silent)  # unconfirmed
    fcnts = [one[0] for one in server.uplinks]
    assert len(fcnts) == len(set(fcnts))


def test_an_uplink_asks_shortly_before_each_join_request_beside_a_session():
    street = Street()
    street.config["report_s"] = 1500

    async def story():
        await street.link.exchange.join()
        street.acks = street.world.server.answers_join = False
        await live(street, 8 * 3600, 1500)

    street.world.run(story())

    asked_us = 0
    requests = 0
    for begin_us, end_us, _, _, _, _, made in street.world.sent[1:]:
        if made[0] == 0:
            requests += 1
            assert begin_us - asked_us < 310000000
        else:
            asked_us = end_us
    assert requests > 40


def test_an_answer_after_a_long_silence_ends_the_waiting_and_the_attempts():
    street = Street()

    async def story():
        await street.link.exchange.join()
        street.acks = street.world.server.answers_join = False
        await live(street, 8 * 3600)
        street.acks = street.world.server.answers_join = True
        back_s = street.clock.now // 1000000
        tried = len(street.world.server.nonces)
        await live(street, back_s + 660)
        assert len(street.world.server.nonces) <= tried + 1
        await live(street, back_s + 1200)

    street.world.run(story())

    assert street.link.mac.silent_us is None
    assert street.journal.idle()


def test_after_a_new_join_readings_go_at_once():
    street = Street()

    async def story():
        await street.link.exchange.join()
        street.acks = street.world.server.answers_join = False
        await live(street, 2 * 3600)
        street.acks = street.world.server.answers_join = True
        sessions = street.world.server.sessions
        street.world.server.session = None  # forgotten
        while street.world.server.sessions == sessions:
            await live(street, street.clock.now // 1000000 + 5)
        joined_us = street.clock.now
        sent = len(street.world.server.uplinks)
        while len(street.world.server.uplinks) == sent:
            await live(street, street.clock.now // 1000000 + 1)
        return street.clock.now - joined_us

    assert street.world.run(story()) < 60000000  # the duty cycle of the Join-Request


def test_a_session_that_the_server_forgot_is_noticed_within_three_report_periods():
    for after_s in (3700, 4100, 4600):
        street = Street()

        async def story(street=street, after_s=after_s):
            await street.link.exchange.join()
            await live(street, after_s)
            street.world.server.session = None
            tried = len(street.world.server.nonces)
            while len(street.world.server.nonces) == tried:
                await live(street, street.clock.now // 1000000 + 5)
            return street.clock.now // 1000000 - after_s

        assert street.world.run(story()) <= 1800


def test_a_lamp_that_rarely_reports_asks_within_half_an_hour():
    street = Street()
    street.power.sleeper = False
    street.config["report_s"] = 7200

    async def story():
        await street.link.exchange.join()
        await live(street, 6600, 7200)
        street.world.server.session = None
        tried = len(street.world.server.nonces)
        while len(street.world.server.nonces) == tried:
            await live(street, street.clock.now // 1000000 + 5, 7200)
        return street.clock.now // 1000000 - 6600

    assert street.world.run(story()) <= 1800


def test_silence_is_remembered_over_a_restart():
    street = Street()

    async def story():
        await street.link.exchange.join()
        street.acks = street.world.server.answers_join = False
        await live(street, 5 * 3600)
        tried = len(street.world.server.nonces)
        before = len(street.world.server.uplinks)
        street.lock = asyncio.Lock()
        street.link = Link(street, street.world.radio)
        await live(street, 5 * 3600 + 400)
        assert len(street.world.server.nonces) > tried
        return street.world.server.uplinks[before:]

    sent = street.world.run(story())

    assert sent
    assert all(one[1] & 0x40 and not one[5] for one in sent)


def test_the_time_is_asked_for_until_it_is_answered():
    street = Street()
    times = []
    street.clock.set_unix = lambda unix_us, at_us, error_ms: times.append(unix_us)

    def reply(uplink):
        if b"\x0d" in uplink[2] and len(street.world.server.uplinks) > 3:
            return {"fopts": b"\x0d" + bytes((0, 0, 0, 80, 0)), "ack": uplink[5]}
        return {"ack": True} if uplink[5] else None

    street.world.server.reply = reply

    async def story():
        await street.link.exchange.join()
        await live(street, 6 * 600)

    street.world.run(story())

    asked = [b"\x0d" in one[2] for one in street.world.server.uplinks]
    assert asked[:4] == [True] * 4
    assert not any(asked[4:])
    assert len(times) == 1


def test_after_power_the_first_reports_of_a_street_are_spread():
    waits = []
    for seed in range(8):
        street = Street()
        street.world._seed = 99991237 * seed
        street.spread_s = 240
        street.read(1)

        async def story(street=street):
            assert await street.link.run_once() == "join"
            return street.link.wait_us() // 1000000

        waits.append(street.world.run(story()))
        assert street.spread_s == 0

    assert min(waits) >= 120 and max(waits) <= 600, waits
    assert max(waits) - min(waits) > 120


def test_joining_twice_at_once_is_one_join():
    street = Street()

    async def story():
        assert await street.link.exchange.join()
        assert await street.link.exchange.join()

    street.world.run(story())

    assert street.world.server.nonces == [0]


def test_the_table_is_gone_when_a_report_is_made():
    street = Street()

    async def story():
        await street.link.exchange.join()
        street.outbox.report(
            "applied", {"token": 7, "result": 0, "reason": 0, "config_version": 1}
        )
        await street.send_all()

    street.world.run(story())

    assert "wire.schema" not in sys.modules
    assert [one[0] for one in street.uplinks()] == [21]


def test_downlinks_wait_for_somebody_to_act():
    street = Street()
    street.world.server.reply = lambda uplink: {"fport": 31, "data": b"abc", "ack": True}

    async def story():
        await street.link.exchange.join()
        street.read(1)
        await street.link.run_once()

    street.world.run(story())

    assert street.inbox == [(31, b"abc")]


def test_a_reading_counts_as_sent_only_when_the_radio_has_sent_it():
    street = Street(every=3)
    radio = street.world.radio
    transmit = radio.transmit
    failures = [OSError("busy"), OSError("busy")]

    async def failing(*arguments):
        if failures:
            raise failures.pop()
        return await transmit(*arguments)

    async def story():
        await street.link.exchange.join()
        radio.transmit = failing
        radio.start = lambda: None
        for _ in range(2):
            street.read()
            try:
                await street.link.run_once()
            except OSError:
                street.link.listen()
        assert street.journal.waiting() == 2
        await street.send_all()
        street.read()
        await street.send_all()

    street.world.run(story())

    assert not failures
    numbers = {seq for _, seqs, _ in street.uplinks() for seq in seqs or ()}
    assert numbers == {0, 1, 2}


def test_a_slow_data_rate_takes_one_reading_and_not_the_one_before():
    street = Street()
    street.read(2)

    async def story():
        first = await street.outbox.next(11)
        street.outbox.done(False)
        second = await street.outbox.next(11)
        street.outbox.done(False)
        street.read(1)
        third = await street.outbox.next(21)
        return [decoding.unpack(*frame[:2])[1] for frame in (first, second, third)]

    frames = street.world.run(story())

    assert [[one["seq"] for one in frame] for frame in frames] == [[0], [1], [2, 1]]


def test_a_radio_that_failed_is_started_again_before_it_listens():
    street = Street()
    radio, starts = street.world.radio, []
    radio.start = lambda: starts.append(street.clock.now)

    async def broken(*_):
        raise OSError("sx126x: no end of transmission")

    async def story():
        await street.link.run_once()
        street.link.listen()
        assert not starts
        right, radio.transmit = radio.transmit, broken
        street.read(1)
        try:
            await street.link.run_once()
            raise AssertionError("the error was swallowed")
        except OSError:
            pass
        radio.transmit = right
        street.link.listen()
        street.link.listen()
        assert len(starts) == 1

    street.world.run(story())


def test_a_device_that_used_up_its_dev_nonces_waits_for_a_person():
    street = Street()
    street.link.mac._attempts().used.dev_nonce = 65536

    async def story():
        for _ in range(3):
            if street.link.wait_us() == 0:
                await street.link.run_once()
        return street.link.wait_us()

    assert street.world.run(story()) > 60000000
