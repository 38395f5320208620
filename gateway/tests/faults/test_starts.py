"""What the service refuses to start on, each in one sentence that says who acts next.

Real: the process, its exit code, the port, SQLite.
"""

import asyncio
import contextlib
import hashlib
import socket
import sqlite3
import sys

import pytest

from tools.bench.child import ended
from tools.bench.main_job.service import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.faults]


async def refusal(config, under=()):
    """(exit code, stderr) of a `serve` that ends by itself. under: the program that runs it."""
    process = await asyncio.create_subprocess_exec(
        *under, sys.executable, "-m", "gateway", "--config", str(config), "serve",
        cwd=ROOT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    return await ended(process, 20)


async def test_a_port_in_use_is_said_in_one_sentence(scene):
    host, _, port = scene.service.bind.partition(":")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, int(port)))
        other.listen()

        code, err = await refusal(scene.service.config)

    assert code == 3
    assert f"`http.bind` {scene.service.bind} is used by another program" in err
    assert "Next: the operator edits the configuration." in err
    assert "Traceback" not in err


async def test_a_second_service_on_the_same_store_refuses_to_start(scene):
    await scene.service.start()

    code, err = await refusal(scene.service.config)

    assert (code, "another service runs on the store" in err) == (3, True)


async def test_a_broken_configuration_is_said_with_its_line(scene):
    scene.service.config.write_text('site = "x"\n[network\n')

    code, err = await refusal(scene.service.config)

    assert code == 3
    assert err.startswith(f"{scene.service.config}:2: ")


async def test_a_store_of_a_newer_gateway_is_refused_and_left_as_it_is(scene):
    path = scene.service.folder / "lamplighter.db"
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [ours] = store.execute("PRAGMA user_version").fetchone()
        store.execute(f"PRAGMA user_version = {ours + 1}")
    before = hashlib.sha256(path.read_bytes()).digest()

    code, err = await refusal(scene.service.config)

    assert code == 3
    assert "newer gateway" in err
    assert err.count("\n") == 2
    assert "Traceback" not in err
    assert hashlib.sha256(path.read_bytes()).digest() == before
