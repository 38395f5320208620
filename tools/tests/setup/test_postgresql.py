"""The database server of the tests: brought, run as somebody who may, gone with its parent."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.setup import paths, postgresql
from tools.setup.postgresql import Server, ServerError
from tools.setup.programs import POSTGRESQL

ROOT = Path(__file__).resolve().parents[3]
PARENT = """
import asyncio
from tools.setup.postgresql import Server

async def main():
    async with Server() as server:
        print(server._process.pid, server.folder, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def process(pid):
    return Path(f"/proc/{pid}")


def program(folder, version):
    found = folder / "postgresql" / version / "bin" / "postgres"
    found.parent.mkdir(parents=True)
    found.touch()
    return found.parent


def test_the_newest_version_from_15_on_is_taken(tmp_path):
    program(tmp_path, "96")
    fifteen, seventeen = program(tmp_path, "15"), program(tmp_path, "17")

    assert paths._newest(tmp_path) == tmp_path / "postgresql" / "96" / "bin"
    (tmp_path / "postgresql" / "96").rename(tmp_path / "postgresql" / "9")
    assert paths._newest(tmp_path) == seventeen
    (tmp_path / "postgresql" / "17").rename(tmp_path / "postgresql" / "x")
    assert paths._newest(tmp_path) == fifteen
    (tmp_path / "postgresql" / "15").rename(tmp_path / "postgresql" / "14")
    assert paths._newest(tmp_path) is None


def test_only_what_the_server_needs_is_unpacked():
    names = (
        "postgresql-15_15.20",
        "libpq5_15.20",
        "libllvm14_14",
        "perl_5",
        "postgresql-common_2",
    )

    assert [POSTGRESQL.unpacked(Path(f"{name}_amd64.deb")) for name in names] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_programs_in_a_folder_that_is_closed_to_others_are_linked_into_an_open_one(tmp_path):
    root = tmp_path / "closed" / "root"
    program(root / "usr" / "lib", "15")
    programs = root / "usr" / "lib" / "postgresql" / "15" / "bin"
    (tmp_path / "closed").chmod(0o700)
    libraries = {"LD_LIBRARY_PATH": f"{root}/usr/lib/x86_64-linux-gnu"}

    found, environment = postgresql._reachable(programs, libraries)

    assert (found / "postgres").samefile(programs / "postgres")
    assert all(folder.stat().st_mode & 0o001 for folder in found.parents)
    assert environment["LD_LIBRARY_PATH"] == f"{found.parents[4]}/usr/lib/x86_64-linux-gnu"


@pytest.mark.slow
async def test_a_setting_that_it_does_not_know_is_told_from_its_log():
    with pytest.raises(ServerError, match="unrecognized configuration parameter"):
        async with Server(lamps="on"):
            pass


@pytest.mark.slow
async def test_it_runs_as_no_root_and_takes_its_folder_with_it():
    async with Server() as server:
        assert server._process
        pid = server._process.pid
        assert process(pid).stat().st_uid != 0
        assert server.folder.stat().st_mode & 0o077 == 0

    assert not server.folder.exists()
    assert not process(pid).exists()


@pytest.mark.slow
async def test_it_starts_again_after_a_kill_of_all_its_processes():
    async with Server() as server:
        assert server._process
        before = server._process.pid
        await server.stop(kill=True)
        assert not process(before).exists()
        await server.start()
        assert server._process.pid != before


@pytest.mark.slow
def test_it_ends_with_its_parent_however_that_ends():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    pid, folder = parent.stdout.readline().split()
    assert process(pid).exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()

    deadline = time.monotonic() + 10
    while process(pid).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not process(pid).exists()
    shutil.rmtree(folder)
