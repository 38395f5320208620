"""The service's event loop: uvloop where it is installed, and one line where it is not."""

import subprocess
import sys

PROGRAM = """
import asyncio
from gateway import logs, loop

async def main():
    print(type(asyncio.get_running_loop()).__module__)

logs.configure("info", "human")
loop.run(main())
"""


def run(request, *hidden):
    """(what it printed, what it logged) of a process that cannot import what is hidden."""
    hides = "".join(f"import sys\nsys.modules[{one!r}] = None\n" for one in hidden)
    done = subprocess.run(
        [sys.executable, "-c", hides + PROGRAM], cwd=request.config.rootpath, timeout=50,
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip(), done.stderr


def test_uvloop_runs_the_service_where_it_is_installed(request):
    assert run(request) == ("uvloop", "")


def test_without_it_asyncio_does_and_one_line_says_so(request):
    printed, logged = run(request, "uvloop")

    assert printed == "asyncio.unix_events"
    assert "uvloop is not installed here" in logged
    assert logged.count("\n") == 1


CYCLES = """
import gc, weakref
from gateway import loop

class Link:
    other: "Link"

async def main():
    one, two = Link(), Link()
    one.other, two.other = two, one
    lost = weakref.ref(one)
    del one, two
    kept = [[] for _ in range(5000)]
    print("kept" if lost() else "looked for as often as by default")
    kept += [[] for _ in range(loop.YOUNG)]
    print("never found" if lost() else "found", gc.get_freeze_count() > 1000)

before = gc.get_threshold()
loop.run(main())
print(gc.get_threshold() == before, gc.get_freeze_count())
"""


def test_cycles_are_looked_for_seldom_and_found_and_afterwards_all_is_as_before(request):
    done = subprocess.run(
        [sys.executable, "-c", CYCLES], cwd=request.config.rootpath, timeout=50,
        check=True, capture_output=True, text=True,
    )  # fmt: skip

    assert done.stdout.splitlines() == ["kept", "found True", "True 0"]
