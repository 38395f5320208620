"""A node under test, virtual or real: its console, and its events at the backend."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import Any

import pytest

from hil_tests.console import Console
from tools.bench.main_job.receiver import CloudEvent
from tools.bench.main_job.street import Street

READING = "lamplighter.reading.v1"
AGAIN_S = 25.0


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
        """Data of a reading event that was measured after this was called.

        Readings are not confirmed: where another frame took the air, what was measured then
        arrives only after a later report, so it is measured again each `AGAIN_S`.
        """
        number = (await self.console.ask("info"))["next_seq"]

        def fresh(event: CloudEvent) -> bool:
            data = event["data"]
            mine = (event["type"], data.get("dev_eui")) == (READING, self.dev_eui)
            return mine and data["seq"] >= number

        deadline = time.monotonic() + within_s
        while (left_s := deadline - time.monotonic()) > 0:
            await self.console.ask("measure")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(AGAIN_S, left_s)):
                    async for event in self.street.receiver.matching(fresh, 0):
                        return event["data"]
        info = await self.console.ask("info")
        raise TimeoutError(f"no reading from {number} on within {within_s} s; the node: {info}")

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
