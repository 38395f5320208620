"""The ledger of a street: what arrived at the backend, and what is missing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ledger:
    """What the backend got, and how the commands ended.

    readings: {dev_eui: {sequence number of the reading}} as the backend got them.
    commands: {command id: [state, ...]} in order of arrival.
    """

    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    readings: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    commands: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    reported_missing: list[dict[str, Any]] = field(default_factory=list)

    def arrived(self, event: dict[str, Any]) -> None:
        """Enters one CloudEvent that reached the backend."""
        kind = event["type"].removeprefix("lamplighter.").removesuffix(".v1")
        data = event["data"]
        self.events[kind] += 1
        if kind == "reading":
            self.readings[data["dev_eui"]].add(data["seq"])
        elif kind == "command":
            self.commands[data["id"]].append(data["state"])
        elif kind == "missing":
            self.reported_missing.append(data)

    def holes(self) -> dict[str, list[int]]:
        """Numbers between a device's first and last reading that never came: {dev_eui: [seq]}."""
        found: dict[str, list[int]] = {}
        for dev_eui, seen in self.readings.items():
            missing = sorted(set(range(min(seen), max(seen) + 1)) - seen)
            if missing:
                found[dev_eui] = missing
        return found

    def ended(self, command_id: str, state: str) -> bool:
        """Whether this command's last known state is `state`."""
        return self.commands.get(command_id, [""])[-1] == state
