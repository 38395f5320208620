"""systemd unit, Dockerfile, wheel, shell completion: as far as they can be tried here."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway import cli, installation
from gateway.systemd import Systemd

DEPLOY = installation.TEMPLATES
UNIT = (DEPLOY / "lamplighter.service").read_text()
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()


@pytest.fixture
def told(tmp_path):
    """A socket as systemd's, and the environment that names it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "notify"))
        server.settimeout(20)
        yield server, {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"}


async def test_systemd_is_told_ready_alive_and_ending(told):
    server, environment = told
    systemd = Systemd(environment)
    systemd.ready()
    living = asyncio.create_task(systemd.live())
    heard = [await asyncio.to_thread(server.recv, 100) for _ in range(4)]
    living.cancel()
    systemd.ending()

    assert heard == [b"READY=1"] + [b"WATCHDOG=1"] * 3
    last = b"WATCHDOG=1"
    while last == b"WATCHDOG=1":
        last = server.recv(100)
    assert last == b"STOPPING=1"


async def test_without_systemd_nothing_is_told_and_a_lost_socket_harms_nothing(tmp_path):
    await Systemd({}).live()
    Systemd({}).ready()
    Systemd({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    other = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}
    await Systemd(other).live()  # the watchdog of another process


def test_the_service_tells_systemd(told, tmp_path, request):
    server, environment = told
    config = tmp_path / "lamplighter.toml"
    config.write_text(
        'site = "x"\n[network]\nkind = "virtual"\n[store]\nkind = "memory"\n'
        '[http]\nbind = "127.0.0.1:0"\n'
    )
    program = [sys.executable, "-m", "gateway", "--config", str(config), "serve"]
    service = subprocess.Popen(
        program, cwd=request.config.rootpath, env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        heard = [server.recv(100), server.recv(100)]
        service.terminate()
        while heard[-1] != b"STOPPING=1":
            heard.append(server.recv(100))
        assert service.wait(20) == 0
    finally:
        service.kill()
        service.wait()

    assert heard[:2] == [b"READY=1", b"WATCHDOG=1"]


def test_the_unit_holds_the_service_in():
    wanted = {
        "Type=notify", "WatchdogSec=60", "User=lamplighter", "NoNewPrivileges=yes",
        "CapabilityBoundingSet=", "ProtectSystem=strict", "ProtectHome=yes", "PrivateTmp=yes",
        "PrivateDevices=yes", "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
        "SystemCallFilter=@system-service", "UMask=0077", "Restart=always",
        "RestartPreventExitStatus=2 3",
    }  # fmt: skip
    assert wanted - set(UNIT.splitlines()) == set()


def test_systemd_takes_the_unit_and_rates_its_exposure_low(tmp_path):
    """As far as systemd-analyze is here; from 0, nothing, to 10, everything."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return
    local = UNIT.replace("/opt/lamplighter/bin/lamplighter", sys.executable)
    unit = tmp_path / "lamplighter.service"
    unit.write_text(local)

    done = subprocess.run(
        [program, "security", "--offline=yes", "--no-pager", str(unit)], capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    found = re.search(r"Overall exposure level for .*: ([0-9.]+)", done.stdout)

    assert found, done.stderr
    assert float(found[1]) <= 2.0


def instructions():
    joined = DOCKERFILE.replace("\\\n", " ")
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def test_the_image_is_lean_and_runs_as_nobody():
    found = instructions()
    bases = [rest for word, rest in found if word == "FROM"]
    last = found[max(n for n, (word, _) in enumerate(found) if word == "FROM") :]

    assert len(bases) == 2
    assert all(re.match(r"python:\d+\.\d+-slim-[a-z]+( AS build)?$", one) for one in bases)
    assert {word for word, _ in found} <= {
        "FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK",
        "ENTRYPOINT", "CMD",
    }  # fmt: skip
    assert all(
        rest.startswith("[") for word, rest in found if word in {"RUN", "CMD", "ENTRYPOINT"}
    )
    assert [rest for word, rest in last if word == "USER"] == ["65532:65532"]
    words = [word for word, _ in last]
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "pip" not in " ".join(rest for _, rest in last)
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"(?i)secret|password|token|api_key", DOCKERFILE)


def test_what_the_image_copies_is_there(request):
    for word, rest in instructions():
        if word == "COPY" and not rest.startswith("--from"):
            for name in rest.split()[:-1]:
                assert (request.config.rootpath / name).exists(), name


@pytest.mark.slow
def test_the_wheel_holds_the_service_and_what_it_writes(request, tmp_path):
    root = request.config.rootpath
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root, check=True, capture_output=True, timeout=100,
    )  # fmt: skip
    [wheel] = tmp_path.glob("lamplighter-*.whl")
    place = tmp_path / "place"
    shutil.unpack_archive(wheel, place, "zip")

    done = subprocess.run(
        [sys.executable, "-P", "-c", "from gateway.cli import main; main()", "init",
         str(tmp_path / "made"), "--site", "x"],
        cwd=tmp_path, env={"PYTHONPATH": str(place), "PATH": ""}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "made" / "lamplighter.toml").exists()
    names = {one.relative_to(place).as_posix() for one in place.rglob("*")}
    assert {
        "gateway/deploy/lamplighter.service",
        "gateway/deploy/alerts.yml",
        "gateway/page/app.js",
        "gateway/page/lib/leaflet.js",
        "gateway/page/lib/uplot.js",
    } <= names
    assert not [one for one in names if "/tests/" in one]
    [metadata] = Path(place).glob("*.dist-info/entry_points.txt")
    assert "lamplighter = gateway.cli:main" in metadata.read_text()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_commands_and_options(shell):
    script = CliRunner().invoke(cli.main, ["completion", shell])
    asked = {"_LAMPLIGHTER_COMPLETE": "bash_complete", "COMP_WORDS": "lamplighter webhook re",
             "COMP_CWORD": "2"}  # fmt: skip
    done = CliRunner().invoke(
        cli.main, [], env=asked, prog_name="lamplighter", complete_var="_LAMPLIGHTER_COMPLETE"
    )

    assert "_LAMPLIGHTER_COMPLETE" in script.output
    words = {line.partition(",")[2] for line in done.output.splitlines()}
    assert {"remove", "replay", "retry"} <= words
