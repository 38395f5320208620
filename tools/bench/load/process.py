"""What a process used so far, from /proc, and a child that answers JSON lines."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

from tools.setup.children import die_with_parent
from tools.setup.paths import ROOT

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
LINE_BYTES = 64 << 20
"""Longest answer of a child."""


def cpu_s(pid: int) -> float:
    """CPU of all threads in user and kernel mode, s, in steps of 10 ms. Source: proc(5), stat."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def rss_mb(pid: int) -> float:
    """Memory in RAM now, MB. Source: proc(5), status: VmRSS in kB of 1024 bytes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def written_bytes(pid: int) -> int:
    """Bytes that it had the disk write. Source: proc(5), io: write_bytes."""
    found = re.search(r"^write_bytes: (\d+)", Path(f"/proc/{pid}/io").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


class Child:
    """A module run as a process that answers each JSON line with one; an async context manager."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._command = [sys.executable, "-m", module, *map(str, arguments)]

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            *self._command, cwd=ROOT, limit=LINE_BYTES, preexec_fn=die_with_parent,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    async def ask(self, **asked: Any) -> dict[str, Any]:
        """Send one line and wait for its answer. Raises RuntimeError when the child has ended."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(asked).encode() + b"\n")
        return await self.said()

    async def said(self) -> dict[str, Any]:
        """The next line of the child. Raises RuntimeError when it has ended."""
        assert self.process.stdout
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self._command)} ended; its error is above")
        return json.loads(line)


async def questions() -> AsyncIterator[dict[str, Any]]:
    """In a child: the lines of its stdin, until that ends."""
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        yield json.loads(line)
