"""How set-up reports and runs programs: named steps with seconds, plain errors, no orphans.

SetupError                 one sentence: what cannot be had, why, and the next step
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import IO

_print_lock = threading.Lock()
_children: set[subprocess.Popen[bytes]] = set()
_stopping = threading.Event()


class SetupError(Exception):
    """Something cannot be had; the message is for the person at the terminal.

    said: output of the program that failed, if one did.
    """

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said


def say(text: str) -> None:
    """One line on the terminal, whole, also from several threads."""
    with _print_lock:
        print(f"setup: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(name: str, expected_s: int) -> Generator[None]:
    """Say that a step begins and how long it usually takes, then how long it took.

    expected_s: as measured on two cores, for a first run.
    """
    say(f"{name} (about {expected_s} s) ...")
    started = time.monotonic()
    yield
    say(f"{name}: done in {time.monotonic() - started:.1f} s")


def run(
    command: Sequence[str | Path],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    foreground: bool = False,
) -> None:
    """Run one program with its output appended to `log`.

    foreground: it may ask for a password on the terminal, as sudo does.
    Raises SetupError with the last lines of the output when it fails or does not exist.
    """
    words = [str(word) for word in command]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as sink:
        begin = sink.tell()
        sink.write(f"$ {' '.join(words)}\n".encode())
        sink.flush()
        code = _wait(words, sink, cwd, env, foreground=foreground)
    if code:
        said = log.read_bytes()[begin:].decode(errors="replace")
        tail = "\n    ".join(said.strip().splitlines()[1:][-8:])
        raise SetupError(
            f"`{' '.join(words[:4])} ...` failed ({code}):\n    {tail}\n  All it said: {log}", said
        )


def output(command: Sequence[str | Path]) -> str:
    """What a quick program prints; empty when it fails or does not exist."""
    words = [str(word) for word in command]
    with contextlib.suppress(OSError):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if not done.returncode:
            return done.stdout.strip()
    return ""


def stop_children() -> None:
    """End every program that `run` started and that still lives, and start no other."""
    _stopping.set()
    for child in list(_children):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, signal.SIGTERM)
            else:
                child.terminate()


def _wait(
    words: list[str],
    sink: IO[bytes],
    cwd: Path | None,
    env: Mapping[str, str] | None,
    *,
    foreground: bool,
) -> int:
    if _stopping.is_set():
        raise SetupError("Interrupted; run the same command again, it goes on from here.")
    try:
        child = subprocess.Popen(
            words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=sink,
            stderr=subprocess.STDOUT, process_group=None if foreground else 0,
        )  # fmt: skip
    except OSError as error:
        raise SetupError(f"{words[0]} cannot be started: {error.strerror}.") from error
    _children.add(child)
    try:
        return child.wait()
    finally:
        _children.discard(child)
