"""Repeats a recorded run of a world and compares the answers, byte for byte.

python -m tools.bench.world.replay TRACE
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench.world.simulation import Simulation

SHOWN = 200


@dataclass
class Replay:
    """What a replay found. `difference`: the first answer that differs, or empty."""

    requests: int = 0
    answers: int = 0
    difference: str = ""
    expected: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether the run came out the same."""
        return not self.difference

    def answered(self, line: str) -> None:
        """Takes one line of the new run."""
        self.answers += 1
        recorded = self.expected.pop(0) if self.expected else "nothing more"
        if line != recorded and not self.difference:
            self.difference = (
                f"answer {self.answers} was\n  {recorded[:SHOWN]}\nand is now\n  {line[:SHOWN]}"
            )


def _lines(trace: Path) -> list[str]:
    return trace.read_text().splitlines()


async def replay(trace: Path) -> Replay:
    """Sends a trace's requests to a new world and compares every answer and notice."""
    lines = _lines(trace)
    result = Replay(expected=[line[1:] for line in lines if line.startswith("<")])
    requests = [json.loads(line[1:]) for line in lines if line.startswith(">")]
    options = requests[0]
    simulation = Simulation(
        seed=options["seed"],
        firmware={mcu: Path(path) for mcu, path in options["firmware"].items()},
        cache_model=options["cache_model"],
        on_answer=result.answered,
        region=options["region"],
    )
    async with simulation:
        for request in requests[1:]:
            values = {key: value for key, value in request.items() if key not in {"id", "op"}}
            await simulation.send(request["op"], **values)
        result.requests = len(requests)
    if result.expected and not result.difference:
        result.difference = f"{len(result.expected)} answers did not come"
    return result


def main() -> int:
    """Replays the trace named on the command line; 0 when the runs are equal."""
    if len(sys.argv) != 2:
        print("say which trace: python -m tools.bench.world.replay TRACE")
        return 2
    result = asyncio.run(replay(Path(sys.argv[1])))
    if result.equal:
        print(f"equal: {result.requests} requests, {result.answers} answers (emulated)")
        return 0
    print(f"different: {result.difference}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
