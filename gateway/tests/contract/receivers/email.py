"""A mail server of asyncio's streams: takes what comes, and puts off `full@city.example`."""

import base64
import contextlib
import email
from asyncio import start_server
from email import policy
from pathlib import Path

from gateway.sinks import Receiver
from gateway.sinks.email import Settings

FULL, NOBODY = "full@city.example", "nobody@city.example"

REFUSES = {FULL: "451 the mailbox is full", NOBODY: "550 no such user"}


class MailServer:
    """messages: as they came.  logins: what clients gave for AUTH PLAIN.  user: whom it knows."""

    def __init__(self, user=""):
        self.messages = []
        self.logins = []
        self._user = user

    def bodies(self):
        """The attached events."""
        parts = [part for one in self.messages for part in one.iter_attachments()]
        return [part.get_payload(decode=True) for part in parts]

    @contextlib.asynccontextmanager
    async def serving(self, tls=None):
        """Its port."""
        listening = await start_server(self.talk, "127.0.0.1", 0, ssl=tls)
        async with listening:
            yield listening.sockets[0].getsockname()[1]

    async def talk(self, reader, writer):
        with contextlib.suppress(ConnectionError):
            writer.write(b"220 mail.example ESMTP\r\n")
            while line := await reader.readline():
                said = await self._answer(line.decode().strip(), reader, writer)
                writer.write(said.encode() + b"\r\n")
                if said.startswith("221"):
                    break
            writer.close()

    async def _answer(self, line, reader, writer):
        word, _, rest = line.partition(" ")
        match word.upper():
            case "EHLO":
                return "250-mail.example\r\n250 AUTH PLAIN" if self._user else "250 mail.example"
            case "AUTH":
                given = base64.b64decode(rest.removeprefix("PLAIN ")).decode()
                self.logins.append(given)
                return "235 ok" if given == self._user else f"535 not {given}"
            case "RCPT":
                return next((said for to, said in REFUSES.items() if to in rest), "250 ok")
            case "DATA":
                writer.write(b"354 go on\r\n")
                whole = await reader.readuntil(b"\r\n.\r\n")
                text = whole[:-3].replace(b"\r\n..", b"\r\n.")
                self.messages.append(email.message_from_bytes(text, policy=policy.SMTP))
                return "250 taken"
            case "QUIT":
                return "221 bye"
            case _:
                return "250 ok"


def settings(port, scheme="smtp", **more):
    return Settings(smtp=f"{scheme}://127.0.0.1:{port}", sender="lamps@city.example", **more)


@contextlib.asynccontextmanager
async def receiver(folder: Path):
    """See gateway.sinks.Receiver."""
    server = MailServer()
    async with server.serving() as port:
        yield Receiver(
            target="ops@city.example",
            failing=FULL,
            taken=server.bodies,
            settings=settings(port),
        )
