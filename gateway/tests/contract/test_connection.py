"""One suite over our MQTT connection and its twin, paho's: what a broker does, packet by packet.

The broker here is a script of bytes. Source: MQTT 5.0, sections 3 and 4.
"""

import asyncio
import contextlib

import pytest

from gateway.errors import ConfigError, Retry
from gateway.networks import _connection, _packets
from gateway.networks._connection import Connection
from gateway.tests.contract.paho_connection import PahoConnection
from gateway.tests.contract.scripted_broker import CONNACK, PINGRESP, Scripted, publish


class Recorder(asyncio.Transport):
    """A transport that notes what is written."""

    def __init__(self, transport):
        self.transport, self.writes = transport, []

    def write(self, data):
        self.writes.append(bytes(data))
        self.transport.write(data)

    def get_write_buffer_size(self):
        return self.transport.get_write_buffer_size()

    def close(self):
        self.transport.close()


class Taken(list):
    """Envelopes in the order of receipt. most: so many, then no more are read."""

    most = 10**6

    def __call__(self, envelopes):
        self += envelopes
        return len(self) < self.most


@pytest.fixture(params=[Connection, PahoConnection])
def kind(request):
    return request.param


@contextlib.asynccontextmanager
async def running(made, keepalive_s=20):
    task = asyncio.ensure_future(made.run(keepalive_s))
    await asyncio.wait({task, made.subscribed}, timeout=10, return_when="FIRST_COMPLETED")
    try:
        yield task
    finally:
        made.leave("the test is over")
        await asyncio.gather(task, return_exceptions=True)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the condition is the test's
            await asyncio.sleep(0.005)


async def test_acknowledgements_go_out_in_the_order_in_which_they_are_given(kind):
    broker, taken = Scripted(), Taken()
    async with broker.listening() as where, running(kind(where, taken)):
        broker.writer.write(b"".join(publish(n) for n in range(1, 301)))
        await until(lambda: len(taken) == 300)
        assert broker.got.empty(), "nothing was acknowledged by itself"

        for one in taken:
            one.acknowledge()

        acks = [await broker.got.get() for _ in range(300)]
    assert [one[:4] for one in acks] == [_packets.puback(n) for n in range(1, 301)]
    assert {one.body for one in taken} == {b"body"}


async def test_acknowledgements_of_one_turn_are_one_write():
    broker, taken = Scripted(), Taken()
    made = None
    async with broker.listening() as where, running(made := Connection(where, taken)):
        broker.writer.write(b"".join(publish(n) for n in range(1, 101)))
        await until(lambda: len(taken) == 100)
        made.connection_made(recorder := Recorder(made._transport))

        for one in taken:
            one.acknowledge()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    acks = b"".join(_packets.puback(n) for n in range(1, 101))
    assert recorder.writes == [acks, _packets.disconnect()]


async def test_an_acknowledgement_after_the_end_does_nothing(kind):
    broker, taken = Scripted(), Taken()
    async with broker.listening() as where:
        async with running(kind(where, taken)):
            broker.writer.write(publish(1))
            await until(lambda: taken)

        taken[0].acknowledge()
        await asyncio.sleep(0.05)

    left = [broker.got.get_nowait() for _ in range(broker.got.qsize())]
    assert [one[0] for one in left] == [0xE0], "a DISCONNECT alone"


async def test_reading_stops_and_goes_on(kind):
    broker, taken = Scripted(), Taken()
    taken.most = 10
    made = None
    async with broker.listening() as where, running(made := kind(where, taken)):
        for n in range(1, 201):
            broker.writer.write(publish(n, bytes(100_000)))
        await until(lambda: len(taken) >= 10)
        await asyncio.sleep(0.3)
        stopped = len(taken)
        assert broker.writer.transport.get_write_buffer_size() > 1_000_000

        taken.most = 10**6
        made.read_on()

        await until(lambda: len(taken) == 200)
    assert stopped < 50


async def test_messages_at_qos_0_are_taken_and_noticed(kind):
    broker, taken = Scripted(), Taken()
    made = None
    async with broker.listening() as where, running(made := kind(where, taken)):
        broker.writer.write(publish(0, qos=0))
        await until(lambda: taken)
        assert made.unkept
        taken[0].acknowledge()
        broker.writer.write(publish(1))
        await until(lambda: len(taken) == 2)
        assert not made.unkept


@pytest.mark.parametrize(
    ("connack", "codes", "said"),
    [
        ("2003008600", b"\x01", "refuses us: Bad user name or password; `network.username`"),
        ("2003008700", b"\x01", "refuses us: Not authorized; `network.username`"),
        ("2003008500", b"\x01", "refuses us: Client identifier not valid"),
        ("2003000000", b"\x87", "refuses `a/+` at QoS 1: Not authorized; its ACL must let us"),
        ("2003000000", b"\x00", "refuses `a/+` at QoS 1: Granted QoS 0; its ACL"),
        ("2003000000", b"\x9e", "at QoS 1: Shared subscription not supported; its ACL"),
    ],
)
async def test_what_a_broker_refuses_is_said(kind, connack, codes, said):
    broker = Scripted(bytes.fromhex(connack), codes)
    async with broker.listening() as where:
        with pytest.raises(ConfigError) as error:
            async with asyncio.timeout(10):
                await kind(where, Taken()).run(20)

    assert said in str(error.value)
    assert str(error.value).startswith("the broker ")


async def test_a_broker_of_mqtt_3_is_named():
    async with Scripted(bytes.fromhex("20020001")).listening() as where:
        with pytest.raises(ConfigError, match="must be a broker with MQTT 5"):
            await Connection(where, Taken()).run(20)


@pytest.mark.parametrize(
    ("sent", "said", "taken_over"),
    [
        ("e0018e", "ended the connection: Session taken over", True),
        ("e0018b", "ended the connection: Server shutting down", False),
    ],
)
async def test_the_reason_of_an_end_is_said(kind, sent, said, taken_over):
    broker, made = Scripted(), None
    async with broker.listening() as where, running(made := kind(where, Taken())) as task:
        broker.writer.write(bytes.fromhex(sent))
        with pytest.raises(Retry, match=said):
            await asyncio.wait_for(task, 10)

    assert made.taken == taken_over


async def test_a_broker_that_closes_is_said(kind):
    broker = Scripted()
    async with broker.listening() as where, running(kind(where, Taken())) as task:
        broker.writer.close()
        with pytest.raises(Retry, match="ended the connection"):
            await asyncio.wait_for(task, 10)


async def test_a_broker_that_falls_silent_is_left_within_one_and_a_half_keepalives(kind):
    """Half-open: what we send is taken, and nothing comes any more."""
    broker = Scripted()
    loop = asyncio.get_running_loop()
    async with broker.listening() as where, running(kind(where, Taken()), keepalive_s=1) as task:
        began_s = loop.time()
        with pytest.raises(Retry) as error:
            await asyncio.wait_for(task, 20)
        took_s = loop.time() - began_s

    assert (await broker.got.get())[:2] == _packets.PINGREQ
    if kind is Connection:
        assert "does not answer any more: nothing was heard for 2 s" in str(error.value)
        assert took_s < 3


async def test_a_broker_that_answers_pings_is_kept(kind):
    broker = Scripted()
    async with broker.listening() as where, running(kind(where, Taken()), keepalive_s=1) as task:
        for _ in range(3):
            assert (await asyncio.wait_for(broker.got.get(), 5)) == _packets.PINGREQ
            broker.writer.write(PINGRESP)
        assert not task.done()


async def test_a_broker_may_ask_for_a_shorter_keepalive():
    broker = Scripted(bytes.fromhex("2006000003130001"))
    async with broker.listening() as where, running(Connection(where, Taken())):
        assert (await asyncio.wait_for(broker.got.get(), 5)) == _packets.PINGREQ


async def test_no_ping_is_missed_while_reading_stops():
    broker, taken = Scripted(), Taken()
    taken.most = 1
    made = None
    async with (
        broker.listening() as where,
        running(made := Connection(where, taken), keepalive_s=1) as task,
    ):
        broker.writer.write(publish(1))
        await until(lambda: taken)
        assert (await asyncio.wait_for(broker.got.get(), 5)) == _packets.PINGREQ
        await asyncio.sleep(1.8)
        assert not task.done(), "an answer could not be read"
        broker.writer.write(PINGRESP)
        made.read_on()
        await asyncio.sleep(0.3)
        assert not task.done()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "a packet of kind 4 with flags 8"),
        (bytes.fromhex("34050001610001"), "a packet of kind 3 with flags 4"),
        (b"\x30\xff\xff\xff\x7f", "a packet of 268435455 bytes"),
        (CONNACK, "a packet of kind 2, which answers nothing"),
        (bytes.fromhex("900400090001"), "a packet of kind 9, which answers nothing"),
    ],
)
async def test_what_no_broker_sends_ends_the_connection_and_is_said(sent, said):
    broker = Scripted()
    async with broker.listening() as where, running(Connection(where, Taken())) as task:
        broker.writer.write(sent)
        with pytest.raises(Retry) as error:
            await asyncio.wait_for(task, 10)

    assert said in str(error.value)
    assert "the operator looks at what answers there" in str(error.value)


async def test_a_broker_that_accepts_and_says_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(_connection, "CONNECT_S", 0.5)
    broker = Scripted(connack=b"")
    async with broker.listening() as where:
        with pytest.raises(Retry, match="does not complete the handshake"):
            async with asyncio.timeout(10):
                await Connection(where, Taken()).run(20)


async def test_a_session_that_lasts_is_asked_for():
    broker = Scripted()
    async with broker.listening() as where, running(Connection(where, Taken())):
        asked = broker.connect

    assert asked[2:12] == b"\x00\x04MQTT\x05\x00\x00\x14", "clean start off, keepalive 20 s"
    assert b"\x11" + (7 * 86400).to_bytes(4, "big") in asked
