"""A codec in a process of its own, which is killed when it takes too long.

The process is exec'd with an empty environment and inherits no descriptor but its pipes; what it
may use of the machine is limited there, see `worker`. It is started by the first call.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from gateway.errors import Lost

WORKER = Path(__file__).with_name("worker.py")
CPU_S = 0.15
"""Processor time of a call: 1.5 x what QuickJS itself allows, which it does not always keep."""
WALL_S = 2.0
START_S = 20.0
"""Until the interpreter is there, on a busy machine."""
ANSWER_MOST = 256 << 10
LOOK_S = 0.02
SUSPEND_S = 60.0
"""A codec that had to be killed is not asked for so long: its frames are kept as they are."""


class Sandbox:
    """One codec. Calls come from one thread at a time, whichever it is."""

    def __init__(self, name: str, script: str) -> None:
        self.name = name
        self.script = script
        self._process: subprocess.Popen[bytes] | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def call(self, function: str, given: dict[str, Any], time_ms: int | None = None) -> Any:
        """What the function returns for `given`, as JSON values. Raises Lost.

        time_ms: becomes `given.recvTime`, a Date.
        """
        with self._lock:
            if time.monotonic() < self._until:
                raise Lost(
                    f"the codec {self.name} had to be ended and is not asked for a minute; its "
                    "owner mends it, then the operator runs `lamplighter event redecode`"
                )
            asked = {"function": function, "given": json.dumps(given), "time_ms": time_ms}
            answer = self._asked(asked)
        if "error" in answer:
            raise Lost(f"the codec {self.name}: {' '.join(answer['error'].split())}")
        return json.loads(answer["text"])

    def close(self) -> None:
        """End the process; a later call starts another."""
        with self._lock:
            self._kill()

    def _asked(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer; asked once again where an older process had come to its end."""
        fresh = self._process is None
        try:
            return self._exchange(self._process or self._start(), asked)
        except EOFError:
            self._kill()
            if fresh:
                self._over("ended its process")
        return self._asked(asked)

    def _start(self) -> subprocess.Popen[bytes]:
        self._process = process = subprocess.Popen(
            [sys.executable, "-I", "-B", str(WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
            start_new_session=True,
            bufsize=0,
        )
        self._exchange(process, {"script": self.script}, cpu_s=START_S, wall_s=START_S)
        return process

    def _exchange(
        self,
        process: subprocess.Popen[bytes],
        message: dict[str, Any],
        cpu_s: float = CPU_S,
        wall_s: float = WALL_S,
    ) -> dict[str, Any]:
        """Send a message, read its answer. Raises Lost at a limit, EOFError where it is gone."""
        end_cpu_s = _cpu_s(process.pid) + cpu_s
        end_s = time.monotonic() + wall_s
        _send(process, message)
        found = b""
        while len(found) < 4 or len(found) < 4 + int.from_bytes(found[:4], "big"):
            if len(found) > ANSWER_MOST:
                self._over("answers too much")
            if time.monotonic() > end_s:
                self._over(f"does not answer within {wall_s:.0f} s")
            if _cpu_s(process.pid) > end_cpu_s:
                self._over(f"takes more than {cpu_s} s of the processor")
            found += _read(process)
        answer: dict[str, Any] = json.loads(found[4:])
        return answer

    def _over(self, why: str) -> NoReturn:
        self._kill()
        self._until = time.monotonic() + SUSPEND_S
        raise Lost(f"the codec {self.name} {why}; it was ended, and its owner mends it")

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()


def _send(process: subprocess.Popen[bytes], message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    left = memoryview(len(body).to_bytes(4, "big") + body)
    try:
        while left and process.stdin:
            left = left[process.stdin.write(left) :]
    except BrokenPipeError:
        raise EOFError from None


def _read(process: subprocess.Popen[bytes]) -> bytes:
    """What has come, empty after a while. Raises EOFError where the process is gone."""
    if process.stdout is None:
        raise EOFError
    ready, _, _ = select.select([process.stdout], [], [], LOOK_S)
    if not ready:
        return b""
    found = os.read(process.stdout.fileno(), 65_536)
    if not found:
        raise EOFError
    return found


def _cpu_s(pid: int) -> float:
    """Processor time of a process. Source: Linux, MAKE_PROCESS_CPUCLOCK, CPUCLOCK_SCHED."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
