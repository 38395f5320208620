"""One MQTT connection to a subscription at QoS 1, its messages acknowledged by the caller.

It speaks MQTT 5; with a broker that has only 3.1.1 it is at QoS 0, and nothing is acknowledged.

An acknowledgement belongs to the connection on which its message came: after a reconnect it does
nothing. Those of one turn of the loop are one write, in the order in which they were given.
Reading stops while too many messages wait.
Source: MQTT 5.0, 3.1.2.10 (keepalive), 3.1.2.11.2 (expiry), 3.1.2.11.3 (receive maximum), 4.6
(order of acknowledgements).
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from functools import partial
from typing import NoReturn, Protocol, cast

import structlog

from gateway.errors import ConfigError, GatewayError, Retry
from gateway.networks import _packets
from gateway.networks._broker import Broker
from gateway.networks._packets import Answer, Malformed, Message, Stream
from gateway.networks._tls import failure
from gateway.notices import Envelope

RECEIVE_MOST = 50
"""Messages that a broker sends before it has an acknowledgement.

Fewer than the frames of a device that `gateway.seen` keeps apart: they may all be of one device,
and all come again. mosquitto 2.0 keeps to it up to the first acknowledgement only; then a read of
the socket brings some 200, and more make no commit cheaper.
"""
SESSION_S = 7 * 86400
"""How long the broker keeps the session, s."""
SHORTENED = (
    "the broker keeps messages for this service a shorter time than asked for while it is away; "
    "the operator sets a longer session expiry at the broker"
)
KEEPALIVE_S = 20
CONNECT_S = 5.0
"""Time for each step until the subscription stands, s."""
SUBSCRIBE_ID = 1
REFUSED_USER = frozenset({0x86, 0x87})
"""Reason codes of CONNACK: bad user name or password, not authorized."""
TAKEN_OVER = 0x8E
"""Reason code of DISCONNECT: another client connected with our client id."""
WRONG_VERSION = frozenset({_packets.VERSION_3, 0x84})
"""Reason codes of CONNACK of a broker without our version of MQTT."""
MALFORMED = 0x81

Take = Callable[[Sequence[Envelope]], bool]
"""Gets messages in the order of receipt; returns whether more may be read."""
log = structlog.get_logger("gateway.mqtt")


class AnyConnection(Protocol):
    """What a subscription needs of a connection.

    subscribed: done once the subscription stands.  taken: another client took the session over.
    unkept: messages come at QoS 0, which a broker keeps for nobody.  session_kept: the broker had
    our session from an earlier connection.
    """

    subscribed: asyncio.Future[None]
    taken: bool
    unkept: bool
    session_kept: bool

    async def run(self, keepalive_s: int, *, lasting: bool = True) -> NoReturn:
        """Connect, subscribe and read. Raises ConfigError or Retry when the connection ends."""
        ...

    def leave(self, why: str) -> None:
        """End the connection. why: for the log."""
        ...

    def read_on(self) -> None:
        """Resume reading, which stops while too many messages wait."""
        ...


class Connection(asyncio.Protocol):
    """One connection, from CONNECT to the close of its socket; see AnyConnection."""

    def __init__(self, broker: Broker, take: Take) -> None:
        self._broker = broker
        self._user = broker.user()
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[GatewayError] = self._loop.create_future()
        self.subscribed: asyncio.Future[None] = self._loop.create_future()
        self.taken = False
        self.unkept = False
        self.session_kept = False
        self._lasting = True
        self._stream = Stream(broker.version)
        self._transport: asyncio.Transport | None = None
        self._answered = False
        self._reading = True
        self._acknowledged = bytearray()
        self._heard_s = self._sent_s = self._loop.time()
        self._asked_s: float | None = None

    async def run(self, keepalive_s: int, *, lasting: bool = True) -> NoReturn:
        """Connect, subscribe and read. Raises ConfigError or Retry when the connection ends.

        lasting: the session outlives the connection.
        """
        self._keepalive_s = keepalive_s
        self._lasting = lasting = lasting and self._broker.version == 5
        try:
            await self._open()
            self._write(
                _packets.connect(
                    self._broker.client_id,
                    keepalive_s=keepalive_s,
                    clean=not lasting,
                    session_s=SESSION_S if lasting else 0,
                    receive_most=RECEIVE_MOST,
                    user=self._user,
                    version=self._broker.version,
                )
            )
            await self._stay()
            raise self._gone.result()
        finally:
            self._close()

    async def _open(self) -> None:
        """Open the socket. Raises ConfigError, Retry."""
        host, port, tls = self._broker.address()
        where = f"the broker {self._broker.shown}"
        context = self._broker.tls.context() if tls else None
        try:
            # not wait_for: CPython 3.11's can lose a cancellation
            async with asyncio.timeout(CONNECT_S):
                await self._loop.create_connection(lambda: self, host, port, ssl=context)
        except TimeoutError:
            raise Retry(f"{where} does not answer within {CONNECT_S:g} s") from None
        except ssl.SSLError as error:
            raise failure(error, where) from None
        except OSError as error:
            if tls and isinstance(error, ConnectionResetError):
                raise failure(error, where) from None
            raise Retry(f"{where} does not answer: {error}") from None

    async def _stay(self) -> None:
        """Until the connection is gone: keep it alive, and notice when it is not."""
        deadline_s = self._loop.time() + CONNECT_S
        while not self._gone.done():
            await asyncio.wait({self._gone}, timeout=min(1.0, self._keepalive_s / 4))
            now_s = self._loop.time()
            if self.subscribed.done():
                self._keep_alive(now_s)
            elif now_s > deadline_s:
                self._end(
                    Retry(f"the broker {self._broker.shown} does not complete the handshake")
                )

    def _keep_alive(self, now_s: float) -> None:
        """Ask where nothing was sent or heard for the keepalive; half of it later nobody is there.

        While reading stops, nothing can be heard.
        """
        if not self._reading:
            self._heard_s = now_s
        quiet_s = now_s - min(self._heard_s, self._sent_s)
        if self._asked_s is None and quiet_s >= self._keepalive_s:
            self._asked_s = now_s
            self._write(_packets.PINGREQ)
        elif self._asked_s is not None and self._heard_s >= self._asked_s:
            self._asked_s = None
        elif self._asked_s is not None and now_s - self._asked_s >= self._keepalive_s / 2:
            said = f"the broker {self._broker.shown} does not answer any more"
            self._end(Retry(f"{said}: nothing was heard for {now_s - self._heard_s:.0f} s"))

    def leave(self, why: str) -> None:
        """End the connection. why: for the log."""
        self._end(Retry(f"left the broker: {why}"))

    def read_on(self) -> None:
        """Resume reading, which stops while too many messages wait."""
        if not self._reading and self._transport:
            self._reading = True
            self._heard_s = self._loop.time()
            self._transport.resume_reading()

    def publish(self, topic: str, body: bytes) -> None:
        """Send a message at QoS 0, which the broker answers nothing to. Raises Retry."""
        if not self._transport or not self.subscribed.done():
            raise Retry(f"there is no connection to the broker {self._broker.shown} now")
        self._write(_packets.publish(topic, body, self._broker.version))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open, with TLS where that is asked for."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is of no such class

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The socket is closed, by whomever."""
        self._transport = None
        if self._answered:
            said = f"the broker {self._broker.shown} ended the connection"
            self._end(Retry(f"{said} without a reason"))
        else:
            self._end(self._broker.unanswered())

    def data_received(self, data: bytes) -> None:
        """Take what the broker sends."""
        self._heard_s = self._loop.time()
        messages: list[Message] = []
        try:
            for packet in self._stream.feed(data):
                if isinstance(packet, Message):
                    messages.append(packet)
                else:
                    self._answer(packet)
        except Malformed as error:
            self._refuse(str(error))
        if messages:
            self._deliver(messages)

    def _deliver(self, messages: list[Message]) -> None:
        self.unkept = self._broker.version == 5 and not messages[-1].identifier
        envelopes = [
            Envelope(one.topic, one.body, partial(self._acknowledge, one.identifier))
            for one in messages
        ]
        if not self._take(envelopes) and self._reading and self._transport:
            self._reading = False
            self._transport.pause_reading()

    def _acknowledge(self, identifier: int) -> None:
        """Acknowledge a message at the end of this turn of the loop."""
        if not identifier or not self._transport:
            return
        if not self._acknowledged:
            self._loop.call_soon(self._flush)
        self._acknowledged += _packets.puback(identifier)

    def _flush(self) -> None:
        acknowledged, self._acknowledged = self._acknowledged, bytearray()
        self._write(bytes(acknowledged))

    def _write(self, data: bytes) -> None:
        if self._transport:
            self._sent_s = self._loop.time()
            self._transport.write(data)

    def _end(self, why: GatewayError) -> None:
        if not self._gone.done():
            self._gone.set_result(why)

    def _close(self) -> None:
        """Say good-bye, as far as the socket takes it at once, and close it."""
        transport, self._transport = self._transport, None
        if transport:
            transport.write(_packets.disconnect())
            transport.abort() if transport.get_write_buffer_size() else transport.close()

    def _answer(self, answer: Answer) -> None:
        match answer.kind:
            case _packets.CONNACK if not self._answered:
                self._connected(answer)
            case _packets.SUBACK if self._answered and answer.identifier == SUBSCRIBE_ID:
                self._granted(answer)
            case _packets.DISCONNECT:
                self.taken = TAKEN_OVER in answer.codes
                said = f"the broker {self._broker.shown} ended the connection"
                self._end(Retry(f"{said}: {_packets.reason(answer)}"))
            case _packets.PINGRESP:
                pass  # that something was heard is noted
            case _:
                self._refuse(f"a packet of kind {answer.kind}, which answers nothing")

    def _connected(self, answer: Answer) -> None:
        self._answered = True
        code = answer.codes[0]
        if code:
            said = f"the broker {self._broker.shown} refuses us: {_packets.reason(answer)}"
            if code in REFUSED_USER:
                said += f"; {self._broker.keys}"
            if code in WRONG_VERSION:
                said += f"; `network.mqtt` must be a broker with {self._broker.protocol}"
            self._end(ConfigError(said))
            return
        self.session_kept = answer.session_kept
        session_s = answer.properties.get(_packets.SESSION_EXPIRY)
        if self._lasting and isinstance(session_s, int) and session_s < SESSION_S:
            log.warning(SHORTENED, broker=self._broker.shown, kept_s=session_s)
        keepalive_s = answer.properties.get(_packets.SERVER_KEEPALIVE)
        if isinstance(keepalive_s, int) and keepalive_s:
            self._keepalive_s = min(self._keepalive_s, keepalive_s)
        self._write(_packets.subscribe(SUBSCRIBE_ID, self._broker.topic, self._broker.version))

    def _granted(self, answer: Answer) -> None:
        """Check the reason codes: a broker may accept the connection and refuse the topic."""
        enough = {1} if self._broker.version == 5 else {0, 1, 2}
        if len(answer.codes) != 1 or answer.codes[0] not in enough:
            self._end(self._broker.refused(_packets.granted(answer)))
        elif not self.subscribed.done():
            self.subscribed.set_result(None)
            log.info("listening", broker=self._broker.shown, topic=self._broker.topic)

    def _refuse(self, why: str) -> None:
        """The broker does not speak as MQTT says: leave it, and say so."""
        if self._transport and self._broker.version == 5:
            self._transport.write(_packets.disconnect(MALFORMED))
        said = f"the broker {self._broker.shown} sends what {self._broker.protocol} does not allow"
        self._end(Retry(f"{said} here ({why}); the operator looks at what answers there"))
