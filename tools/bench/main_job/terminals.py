"""Second terminals: the serial ports of a running street, and where other programs find them."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tools.bench.world.board import VirtualBoard
from tools.setup.paths import CACHE

FOLDER = CACHE / "streets"
"""A file a running street, `<process id>.json`: {board: port}."""


@asynccontextmanager
async def offered(
    boards: Mapping[str, VirtualBoard], folder: Path
) -> AsyncGenerator[dict[str, str]]:
    """A port for each board while the block runs, noted in `folder`; gives {board: port}."""
    note = folder / f"{os.getpid()}.json"
    async with AsyncExitStack() as stack:
        ports = {
            name: await stack.enter_async_context(board.port(offered=True))
            for name, board in boards.items()
        }
        _write(note, ports)
        stack.callback(note.unlink, missing_ok=True)
        yield ports


def _write(note: Path, ports: dict[str, str]) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps(ports))


def running(folder: Path) -> dict[str, str]:
    """{board: port} of the street that was started last and still runs; empty without one.

    The notes of streets that were killed are removed.
    """
    found: list[Path] = []
    for note in folder.glob("*.json"):
        if Path(f"/proc/{note.stem}").exists():
            found.append(note)
        else:
            note.unlink(missing_ok=True)
    if not found:
        return {}
    return json.loads(max(found, key=lambda note: note.stat().st_mtime).read_text())


def hints(ports: Mapping[str, str]) -> list[str]:
    """What a person types in a second terminal to open a board's console or port."""
    first, *others = ports
    also = f" (or {', '.join(others)})" if others else ""
    named = ", ".join(f"{name} {port}" for name, port in ports.items())
    return [
        f"second terminal: .cache/venv/bin/lamplighter-bench console {first}{also}",
        f"serial ports, as for .cache/venv/bin/mpremote connect {ports[first]}: {named}",
    ]
