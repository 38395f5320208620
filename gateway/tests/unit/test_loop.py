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
