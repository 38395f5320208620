"""The twin of the gateway's own connection: paho on asyncio's loop, held to the same suite.

Each connection has a client object of its own, so an acknowledgement sent after a reconnect has no
effect. Reading stops while too many messages wait.
"""

import asyncio
import ssl
from typing import Any, NoReturn

import structlog
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from gateway.errors import ConfigError, GatewayError, Retry
from gateway.networks._broker import Broker
from gateway.networks._connection import (
    CONNECT_S,
    RECEIVE_MOST,
    REFUSED_USER,
    SESSION_S,
    TAKEN_OVER,
    Take,
)
from gateway.networks._tls import failure
from gateway.notices import Envelope

log = structlog.get_logger("gateway.mqtt")


class _ClosedOnFailure(ssl.SSLSocket):
    """Closes itself when the handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class PahoConnection:
    """One connection, from CONNECT to the close of its socket.

    take: gets each message; returns whether more may be read.  taken: another client took the
    session over.  unkept: messages come at QoS 0, which a broker keeps for nobody.
    """

    def __init__(self, broker: Broker, take: Take) -> None:
        self._broker = broker
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._gone: asyncio.Future[GatewayError] = self._loop.create_future()
        self.subscribed: asyncio.Future[None] = self._loop.create_future()
        self._reading = False
        self.taken = False
        self.unkept = False
        self.session_kept = False
        self._fd = -1
        self._client = client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_close = self._on_socket_close
        client.connect_timeout = CONNECT_S
        self._answered = False
        user, password = broker.user()
        if user:
            client.username_pw_set(user, password)

    async def run(self, keepalive_s: int, *, lasting: bool = True) -> NoReturn:
        """Connect, subscribe and read. Raises ConfigError or Retry when the connection ends."""
        self._socket = await self._connect(keepalive_s, lasting=lasting)
        self._fd = self._socket.fileno()
        try:
            self.read_on()
            deadline = self._loop.time() + CONNECT_S
            while not self._gone.done():
                await asyncio.wait({self._gone}, timeout=1)
                self._client.loop_misc()
                self._flush()
                if not self.subscribed.done() and self._loop.time() > deadline:
                    raise Retry(f"the broker {self._broker.shown} does not complete the handshake")
            raise self._gone.result()
        finally:
            self._client.disconnect()
            self._on_socket_close()
            self._socket.close()

    async def _connect(self, keepalive_s: int, *, lasting: bool) -> Any:
        """Open the socket and send CONNECT. Raises ConfigError, Retry."""
        host, port, tls = self._broker.address()
        where = f"the broker {self._broker.shown}"
        if tls:
            context = self._broker.tls.context()
            context.sslsocket_class = _ClosedOnFailure
            self._client.tls_set_context(context)
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S if lasting else 0
        properties.ReceiveMaximum = RECEIVE_MOST
        try:
            # in a thread: the name look-up and the handshake would block the loop
            await asyncio.to_thread(
                self._client.connect,
                host,
                port,
                keepalive_s,
                clean_start=not lasting,
                properties=properties,
            )
        except ssl.SSLError as error:
            raise failure(error, where) from None
        except OSError as error:
            if tls and isinstance(error, ConnectionResetError):
                raise failure(error, where) from None
            raise Retry(f"{where} does not answer: {error}") from None
        opened: Any = self._client.socket()
        if opened is None:  # closed by the broker while CONNECT was sent
            raise self._broker.unanswered()
        return opened

    def leave(self, why: str) -> None:
        """End the connection. why: for the log."""
        self._end(Retry(f"left the broker: {why}"))

    def read_on(self) -> None:
        """Resume reading, which stops while too many messages wait."""
        if not self._reading and self._fd >= 0:
            self._reading = True
            self._loop.add_reader(self._fd, self._read)

    def _stop_reading(self) -> None:
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._fd)

    def _on_socket_close(self, *_: Any) -> None:
        """Forget the descriptor before paho closes it: its number may be used again at once."""
        if self._fd >= 0:
            self._stop_reading()
            self._loop.remove_writer(self._fd)
            self._fd = -1

    def _read(self) -> None:
        self._client.loop_read()
        while self._reading and getattr(self._socket, "pending", int)():
            self._client.loop_read()  # TLS holds decrypted bytes that select() cannot see
        self._flush()

    def _flush(self) -> None:
        """Write what paho has queued, now or when the socket becomes writable."""
        if self._fd >= 0 and self._client.want_write():
            self._client.loop_write()
        if self._fd < 0:
            return
        if self._client.want_write():
            self._loop.add_writer(self._fd, self._flush)
        else:
            self._loop.remove_writer(self._fd)

    def _acknowledge(self, mid: int, qos: int) -> None:
        if self._fd >= 0:
            self._client.ack(mid, qos)
            self._flush()

    def _end(self, why: GatewayError) -> None:
        if not self._gone.done():
            self._gone.set_result(why)

    def _on_connect(
        self, _client: Any, _data: Any, flags: Any, reason: Any, _properties: Any
    ) -> None:
        self._answered = True
        self.session_kept = flags.session_present
        if reason.is_failure:
            said = f"the broker {self._broker.shown} refuses us: {reason}"
            if reason.value in REFUSED_USER:
                said += "; `network.username` and `network.password` must be a user it knows"
            self._end(ConfigError(said))
        else:
            self._client.subscribe(self._broker.topic, qos=1)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, reasons: Any, _p: Any) -> None:
        """Check the reason codes: a broker may accept the connection and refuse the topic."""
        if any(reason.is_failure or reason.value < 1 for reason in reasons):
            self._end(self._broker.refused(", ".join(map(str, reasons))))
        elif not self.subscribed.done():
            self.subscribed.set_result(None)
            log.info("listening", broker=self._broker.shown, topic=self._broker.topic)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        self.taken = reason.value == TAKEN_OVER
        if self._answered:
            said = f"the broker {self._broker.shown} ended the connection: {reason}"
            self._end(Retry(said))
            return
        self._end(self._broker.unanswered())

    def _on_message(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        mid, qos = message.mid, message.qos
        self.unkept = qos == 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        envelope = Envelope(topic, bytes(message.payload), lambda: self._acknowledge(mid, qos))
        if not self._take([envelope]):
            self._stop_reading()
