"""`python3 -m tools.setup GOAL`: bring what a goal of the Makefile needs, and nothing twice.

Standard library only, on the machine's own Python. Exit code 0: all is there; 1: something cannot
be had, said in a sentence with the next step; 130: interrupted, go on by the same command.
"""

import argparse
import contextlib
import fcntl
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator

if sys.version_info < (3, 11):  # noqa: UP036 -- the machine's own Python starts this file
    sys.exit("setup: Python 3.11 or newer is needed (Debian 12, Ubuntu 24.04 or newer have it).")

from tools.setup import (
    esp32_firmware,
    micropython,
    micropython_tests,
    node_packages,
    openmp,
    python_packages,
    system,
)
from tools.setup.paths import CACHE
from tools.setup.programs import CHROMIUM, MOSQUITTO, POSTGRESQL, STRACE, Program
from tools.setup.progress import SetupError, say, stop_children

GOALS = ("run", "test", "check", "bench", "faults", "flash", "build")
WITHOUT_BENCH = ("flash", "build")
TESTS = ("test", "bench", "faults")
"""Goals that run the gateway on each database and with a failing disk."""
FOR_TESTS = (POSTGRESQL, STRACE)
WITH_CHROMIUM = ("bookworm", "trixie")
"""Releases that have Chromium as a package; elsewhere the tests in it are left out."""
Chain = list[Callable[[], None]]


def plan(goal: str, machine: system.System) -> list[Chain]:
    """What is still to do: chains that may run side by side, each in its order.

    Raises SetupError when MicroPython can neither be built nor is given.
    """
    python = python_packages.wanted()
    chains: list[Chain] = [[]]
    if not python_packages.ready(python):
        chains[0].append(lambda: python_packages.bring(python))
    if goal in WITHOUT_BENCH:
        return [chain for chain in chains if chain]
    openmp_key = openmp.wanted(machine)
    if not openmp.ready(openmp_key):
        chains[0].append(lambda: openmp.bring(machine, openmp_key))
    node = node_packages.wanted()
    if not node_packages.ready(node):
        chains[0].append(lambda: node_packages.bring(node))
    esp32 = esp32_firmware.wanted()
    if not esp32_firmware.ready(esp32):
        chains[0].append(lambda: esp32_firmware.bring(esp32))
    firmware = micropython.wanted(machine)
    if not micropython.ready(firmware):
        chains.append([lambda: micropython.bring(machine, firmware)])
    chains.append(_tests(goal, machine))
    chains.append(_program(MOSQUITTO, machine))
    chains += [_program(program, machine) for program in FOR_TESTS if goal in TESTS]
    if goal == "test" and machine.codename in WITH_CHROMIUM:
        chains.append(_program(CHROMIUM, machine))
    return [chain for chain in chains if chain]


def _tests(goal: str, machine: system.System) -> Chain:
    """MicroPython's own tests, for `make test` where they can be had or are given."""
    key = micropython_tests.wanted()
    if goal != "test" or micropython_tests.ready(key):
        return []
    if not machine.builds_micropython and not micropython_tests.given():
        return []
    return [lambda: micropython_tests.bring(machine, key)]


def _program(program: Program, machine: system.System) -> Chain:
    key = program.wanted(machine)
    return [] if program.ready(key) else [lambda: program.bring(machine, key)]


def bring(goal: str) -> None:
    """Do all that is missing for a goal. Raises SetupError with the reasons of all that failed."""
    machine = system.detect()
    with _alone():
        chains = plan(goal, machine)
        if not chains:
            return
        say("Bringing what is missing into .cache (kept: the next time this takes no time).")
        started = time.monotonic()
        build = goal not in WITHOUT_BENCH and micropython.builds() and machine.builds_micropython
        system.install(system.missing(machine, build=build), machine)
        _side_by_side(chains)
        say(f"All is there, in {time.monotonic() - started:.0f} s.")


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="tools.setup", description="Bring what a goal needs.")
    parser.add_argument("goal", choices=GOALS)
    goal = parser.parse_args(arguments).goal
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        bring(goal)
    except SetupError as error:
        say(f"cannot go on. {error}")
        return 1
    except KeyboardInterrupt:
        stop_children()
        say("interrupted; the same command goes on from here.")
        return 130
    return 0


def _side_by_side(chains: list[Chain]) -> None:
    """Run chains in threads: some wait for the network while others compile."""
    failures: list[Exception] = []

    def work(chain: Chain) -> None:
        try:
            for bring_one in chain:
                bring_one()
        except Exception as error:  # noqa: BLE001 -- the main thread reports them all
            failures.append(error)

    threads = [threading.Thread(target=work, args=(chain,), daemon=True) for chain in chains]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    unforeseen = [error for error in failures if not isinstance(error, SetupError | OSError)]
    if unforeseen:
        raise unforeseen[0]
    if failures:
        raise SetupError("\nsetup: ".join(map(str, failures)))


@contextlib.contextmanager
def _alone() -> Generator[None]:
    """One set-up at a time in this checkout; a second one waits and then finds all done."""
    try:
        CACHE.mkdir(exist_ok=True)
        lock = (CACHE / "setup.lock").open("w")
    except OSError as error:
        raise SetupError(f"{CACHE} cannot be written: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work in this checkout; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
