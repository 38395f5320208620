"""Tries a port that takes messages: whether it can be opened, or the running service has it."""

import asyncio
import errno

import aiohttp
from aiohttp import ClientTimeout

from gateway.errors import ConfigError
from gateway.networks._listener import Door

ANSWER_S = 2.0
"""How long a running service may take to answer."""


async def check(door: Door) -> list[str]:
    """One line for what works. Raises ConfigError."""
    door.check()
    if door.tls.cert_file:
        door.tls.server_context()
    host, port = door.address()
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            said = f"`network.bind` {door.bind} cannot be opened: {error.strerror}"
            raise ConfigError(said) from None
        return [await _asked(door)]
    server.close()
    return [f"{door.bind} is free for messages posted to {door.shown}"]


async def _asked(door: Door) -> str:
    """What has the port. A service that asks for a client certificate cannot be asked."""
    if door.tls.ca_file:
        return f"{door.bind} is in use: by the service, if it runs"
    try:
        async with (
            aiohttp.ClientSession(timeout=ClientTimeout(total=ANSWER_S)) as session,
            session.get(
                door.shown, ssl=False, headers={"Authorization": f"Bearer {door.token}"}
            ) as answer,
        ):
            ours = answer.status == 200 and b"lamplighter" in await answer.content.read(200)
            ours_otherwise = answer.status == 401
    except (aiohttp.ClientError, TimeoutError):
        ours = ours_otherwise = False
    if ours:
        return f"the service takes messages at {door.shown}"
    why = "a service with another `network.token`" if ours_otherwise else "another program"
    raise ConfigError(
        f"`network.bind` {door.bind} is used by {why}: end that, or choose another port"
    )
