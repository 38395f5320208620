"""What a street must show before `make run` exits with 0.

Each `Expectation` is met by something seen (a verified webhook, a duty measured on a pin), never
by something sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tools.bench.main_job.ledger import Ledger
from tools.bench.main_job.story import Story

DIM_LEVEL_PERCENT = 40
REPORT_INTERVAL_S = 60
DUTY_TOLERANCE = 0.01

Post = Callable[[str, str, Any], Awaitable[Any]]
Measure = Callable[[str], Awaitable[float]]


@dataclass
class Expectation:
    """One thing that must be seen. `seen` holds the evidence once it was."""

    what: str
    seen: str = ""


@dataclass
class Scenario:
    """Drives the commands of the main job and collects evidence from the backend's side.

    nodes: {dev_eui: name}. post: the gateway's REST API. duty: measures a board's lamp pin, 0..1.
    """

    nodes: dict[str, str]
    post: Post
    duty: Measure
    story: Story
    ledger: Ledger = field(default_factory=Ledger)
    commands: dict[str, tuple[str, str]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    first_webhook_s: float | None = None

    def __post_init__(self) -> None:
        names = sorted(self.nodes.values())
        facts = [f"{name} joined" for name in names] + [f"reading of {name}" for name in names]
        facts += ["lamp dimmed"] * ("lamp" in names) + ["bin's interval changed"] * (
            "bin" in names
        )
        self.expected = {fact: Expectation(fact) for fact in facts}

    def missing(self) -> list[str]:
        """What was not seen yet."""
        return [one.what for one in self.expected.values() if not one.seen]

    def ends(self) -> list[tuple[str, str, list[str]]]:
        """Each command asked for: (node, command, its states in order of arrival)."""
        return [(*of, self.ledger.commands[known]) for known, of in self.commands.items()]

    async def arrived(self, event: dict[str, Any]) -> None:
        """Handles one verified CloudEvent: story, ledger, and the command that follows from it."""
        self.ledger.arrived(event)
        if self.first_webhook_s is None:
            self.first_webhook_s = self.story.seconds()
        kind = event["type"].removeprefix("lamplighter.").removesuffix(".v1")
        name = self.nodes.get(event.get("subject", ""), event.get("subject", "?"))
        handler = getattr(self, f"_on_{kind}", None)
        if handler:
            await handler(name, event)
        else:
            self.story.tell("backend", f"{name}: {kind} {event['data']}")

    async def _on_joined(self, name: str, event: dict[str, Any]) -> None:
        self._see(f"{name} joined", event["id"])
        # Class A receives only after an uplink: queued now, the command follows the first one.
        if name == "bin":
            await self._command_once(name, event["data"]["dev_eui"])
        self.story.tell(
            name, f"joined, DevAddr {event['data'].get('dev_addr', '?')}; the backend knows"
        )

    async def _on_boot(self, name: str, event: dict[str, Any]) -> None:
        self.story.tell(name, "reported its start: " + _values(event))

    async def _on_reading(self, name: str, event: dict[str, Any]) -> None:
        self._see(f"reading of {name}", event["id"])
        self.story.tell(
            name, f"reading {event['data']['seq']} at the backend, verified: {_values(event)}"
        )
        await self._command_once(name, event["data"]["dev_eui"])

    async def _command_once(self, name: str, dev_eui: str) -> None:
        wanted = {
            "lamp": ("dim", {"level": DIM_LEVEL_PERCENT, "ramp": 1}),
            "bin": ("interval", {"report_s": REPORT_INTERVAL_S}),
        }.get(name)
        if wanted is None or name in self.sent:
            return
        self.sent.add(name)
        command, values = wanted
        body = {"name": command, "values": values, "expires_in_s": 300}
        answer = await self.post("POST", f"/v1/devices/{dev_eui}/commands", body)
        self.commands[answer["id"]] = (name, command)
        self.story.tell("command", f"{name}: {command} {values} asked for, id {answer['id']}")

    async def _on_command(self, name: str, event: dict[str, Any]) -> None:
        data = event["data"]
        self.story.tell("command", f"{name}: {data['name']} is {data['state']}")
        if data["state"] != "applied":
            return
        if data["name"] == "dim":
            duty = await self.duty(name)
            self.story.tell(name, f"duty measured on the lamp's pin: {duty:.1%} (emulated)")
            if abs(duty - DIM_LEVEL_PERCENT / 100) <= DUTY_TOLERANCE:
                self._see("lamp dimmed", f"{duty:.4f}")
        elif data["name"] == "interval":
            self._see("bin's interval changed", event["id"])

    def _see(self, what: str, evidence: str) -> None:
        if what in self.expected and not self.expected[what].seen:
            self.expected[what].seen = evidence


def _values(event: dict[str, Any]) -> str:
    shown: list[str] = []
    for one in event["data"].get("values", []):
        flags = [flag for flag in one.get("quality", []) if flag != "ok"]
        unit = "" if one.get("unit") in (None, "", "1") else f" {one['unit']}"
        shown.append(
            f"{one['property']} {one['value']}{unit}" + (f" ({', '.join(flags)})" if flags else "")
        )
    return ", ".join(shown)
