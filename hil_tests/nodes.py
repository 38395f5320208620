"""A node under test, virtual or real: its console, and its events at the backend."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import pytest

from hil_tests.console import Console
from tools.bench.main_job.street import Street


@dataclass
class Node:
    """One board under test: its console, and its events at the backend."""

    name: str
    dev_eui: str
    console: Console
    street: Street

    async def event(self, kind: str, within_s: float = 60.0, **data: Any) -> dict[str, Any]:
        """The next event of this node at the backend with these values in its data."""
        return await self.street.receiver.event(kind, within_s, dev_eui=self.dev_eui, **data)

    async def info_where(self, key: str, value: Any, within_s: float = 60.0) -> dict[str, Any]:
        """The answer of `info`, once `key` has this value. Raises AssertionError with the last."""
        deadline = time.monotonic() + within_s
        while True:
            info = await self.console.ask("info")
            if info[key] == value:
                return info
            assert time.monotonic() < deadline, f"{key} is not {value!r}: {info}"
            await asyncio.sleep(1)

    async def reading(self, within_s: float = 60.0) -> dict[str, Any]:
        """Data of a reading event that was measured after this was called."""
        number = (await self.console.ask("info"))["next_seq"]
        await self.console.ask("measure")
        return (await self.event("reading", within_s, seq=number))["data"]

    async def values(self, within_s: float = 60.0) -> dict[str, Any]:
        """{property: value} of a reading measured now."""
        data = await self.reading(within_s)
        return {one["property"]: one["value"] for one in data["values"]}

    async def trusted(self, within_s: float = 120.0) -> None:
        """Returns once readings carry no flag but `ok`: a PIR settles for a minute after power."""
        deadline = time.monotonic() + within_s
        while True:
            data = await self.reading(within_s)
            flags = {flag for one in data["values"] for flag in one["quality"]}
            if flags == {"ok"}:
                return
            assert time.monotonic() < deadline, f"still {flags} after {within_s} s"
            await asyncio.sleep(8)

    async def command(self, name: str, values: dict[str, int], expires_in_s: int = 300) -> str:
        """Queues a command at the gateway; returns its id."""
        body = {"name": name, "values": values, "expires_in_s": expires_in_s}
        path = f"/v1/devices/{self.dev_eui}/commands"
        return (await self.street.service.request("POST", path, body))["id"]


async def register(street: Street, profile: str) -> dict[str, Any]:
    """Registers one more device of this profile; returns the gateway's answer."""
    number = len(street.registered)
    street.registered.append(profile)
    body = {"name": f"hil-{profile}-{number}", "profile": profile}
    return await street.service.request("POST", "/v1/devices", body)


def of_profile(nodes: dict[str, Node], *profiles: str) -> Node:
    """The node of one of these profiles, or a skip that names what this bench lacks."""
    for profile in profiles:
        if profile in nodes:
            return nodes[profile]
    pytest.skip(f"this bench has no {' or '.join(profiles)} (--profile)")


def only_virtual(virtual: bool, why: str) -> None:
    """Skips on a real board; the reason names what the bench would need there."""
    if not virtual:
        pytest.skip(f"needs the virtual board: {why}")
