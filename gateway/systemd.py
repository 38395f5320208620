"""Tells systemd that the service is ready, lives, and ends; does nothing where systemd is not.

Source: sd_notify(3) (protocol, abstract sockets), sd_watchdog_enabled(3) (half of the time).
"""

import asyncio
import os
import socket
from collections.abc import Mapping

import structlog

log = structlog.get_logger("gateway")


class Systemd:
    """The socket that systemd gave. environment: usually os.environ."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        self._watched_us = int(environment.get("WATCHDOG_USEC", "0")) if ours else 0

    def ready(self) -> None:
        """Requests are served."""
        self._tell("READY=1")

    def ending(self) -> None:
        """The end has begun."""
        self._tell("STOPPING=1")

    async def live(self) -> None:
        """Say at half of the watchdog's time that the event loop runs, until cancelled."""
        while self._address and self._watched_us:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._watched_us / 2e6)

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as told:
                told.connect(self._address)
                told.send(text.encode())
        except OSError as error:
            log.warning("systemd cannot be told", what=text, why=str(error))
