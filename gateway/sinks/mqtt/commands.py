"""Commands that come back over the broker, acknowledged once they are stored."""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta, Struct

from gateway.backoff import delay_s
from gateway.errors import ConfigError, GatewayError, Problem, Refused, Retry, problem
from gateway.sinks import Ask
from gateway.sinks.mqtt.broker import Broker, Message
from gateway.sinks.mqtt.connection import Connection

TOPIC = re.compile(r"([0-9A-Fa-f]{16})/([a-z_]{1,32})")
BODY_BYTES = 4096
LONGEST_S = 30 * 86400
"""Longest expiry that a command takes, as in the REST API."""
FIRST_S = 0.2
LONGEST_WAIT_S = 15.0

log = structlog.get_logger("gateway.sinks.mqtt")


class Asked(Struct, forbid_unknown_fields=True):
    """The body of a command: as in the REST API, without `name`, which is in the topic."""

    values: dict[str, int] = {}
    expires_in_s: Annotated[int, Meta(ge=1, le=LONGEST_S)] | None = None


class Answer(Problem):
    """What is said of a command that was refused."""

    topic: str


BODY = msgspec.json.Decoder(Asked)
Came = tuple[str, bytes, Callable[[], None]]


class Listener:
    """Listens below a prefix of topics until cancelled, by a session of its own."""

    def __init__(self, broker: Broker, client_id: str, prefix: str, ask: Ask) -> None:
        self._broker = broker
        self._client_id = client_id
        self._prefix = prefix
        self._ask = ask
        self._failures = 0

    async def run(self) -> None:
        """Connect, again where the connection ends, and ask what comes, in its order."""
        while True:
            try:
                await self._listen()
            except (Retry, ConfigError) as error:
                self._failures += 1
                wait_s = delay_s(self._failures, FIRST_S, LONGEST_WAIT_S)
                log.warning("no commands come", why=str(error), wait_s=round(wait_s, 1))
                await asyncio.sleep(wait_s)

    async def _listen(self) -> None:
        came: asyncio.Queue[Came] = asyncio.Queue()

        def take(topic: str, body: bytes, acknowledge: Callable[[], None]) -> None:
            came.put_nowait((topic, body, acknowledge))

        connection = Connection(self._broker, self._client_id, take)
        ended = asyncio.ensure_future(connection.ended())
        try:
            await connection.open(clean=False, topic=f"{self._prefix}/+/+")
            self._failures = 0
            log.info("takes commands", broker=self._broker.url, below=self._prefix)
            while not ended.done():
                got = asyncio.ensure_future(came.get())
                await asyncio.wait({got, ended}, return_when=asyncio.FIRST_COMPLETED)
                if got.done():
                    await self._carry(connection, *got.result())
                else:
                    got.cancel()
            raise ended.result()
        finally:
            ended.cancel()
            connection.close()

    async def _carry(
        self, connection: Connection, topic: str, body: bytes, acknowledge: Callable[[], None]
    ) -> None:
        """Store one command, then acknowledge it. Raises Retry: it comes again."""
        try:
            dev_eui, name, asked = self._read(topic, body)
            await self._ask(dev_eui, name, asked.values, asked.expires_in_s)
        except Retry:
            raise
        except GatewayError as error:
            said = problem(error)
            log.warning("a command was refused", topic=topic[:200], why=said.error)
            answer = Answer(said.error, said.act, topic[:200])
            refused = f"{self._prefix}/refused"
            await connection.publish([Message(refused, msgspec.json.encode(answer))])
        acknowledge()

    def _read(self, topic: str, body: bytes) -> tuple[str, str, Asked]:
        """(DevEUI, name, body). Raises Refused."""
        found = TOPIC.fullmatch(topic.removeprefix(f"{self._prefix}/"))
        if not found:
            raise Refused(f"a command goes to {self._prefix}/<DevEUI>/<name>, not to {topic[:80]}")
        if len(body) > BODY_BYTES:
            raise Refused(f"the body has {len(body)} bytes, a command has at most {BODY_BYTES}")
        try:
            return found[1].lower(), found[2], BODY.decode(body or b"{}")
        except msgspec.DecodeError as error:
            raise Refused(f"the body is wrong: {error}") from None
