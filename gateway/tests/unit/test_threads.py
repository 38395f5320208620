"""Calls that may hang: their results come back, and they never hold up the end."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from gateway.threads import Threads

HANGING = """
import asyncio, socket, time
from gateway import app
from gateway.settings import Settings, StoreSettings

socket.getaddrinfo = lambda *_, **__: time.sleep(60)

async def look_up(_settings, _ending):
    try:
        async with asyncio.timeout(0.1):
            await asyncio.get_running_loop().getaddrinfo("backend.example.org", 443)
    except TimeoutError:
        print("given up")

app._run = look_up
asyncio.run(app.serve(Settings(site="x", network=None, store=StoreSettings(kind="memory"))))
"""


async def test_results_and_errors_come_back():
    loop = asyncio.get_running_loop()
    with Threads() as threads:
        assert await loop.run_in_executor(threads, divmod, 7, 2) == (3, 1)
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(threads, divmod, 7, 0)


async def test_calls_that_hang_stop_no_other():
    loop, release = asyncio.get_running_loop(), threading.Event()
    with Threads() as threads:
        hanging = [loop.run_in_executor(threads, release.wait, 30) for _ in range(50)]

        assert await asyncio.wait_for(loop.run_in_executor(threads, abs, -3), 10) == 3

        release.set()
        assert await asyncio.gather(*hanging) == [True] * 50


def test_a_name_server_that_hangs_does_not_hold_up_the_end_of_the_service(request):
    started = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", HANGING], cwd=request.config.rootpath, timeout=50, check=True,
        capture_output=True, text=True,
    )  # fmt: skip

    assert done.stdout == "given up\n"
    assert time.monotonic() - started < 20
