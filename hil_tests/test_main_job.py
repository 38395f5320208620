"""`make run` itself: its story, its exit code by what was seen, and nothing left behind."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from hil_tests.nodes import only_virtual
from tools.setup.paths import ROOT, environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def start(virtual, tmp_path):
    """Starts the main job with its own temporary folder and a mark that its children inherit."""
    only_virtual(virtual, "the main job is emulated")
    mark = f"LAMPLIGHTER_MARK={uuid.uuid4()}"
    started = []

    # a shell that runs tests in the background has them ignore Ctrl-C, and children inherit that
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def run(*arguments):
        name, value = mark.split("=")
        process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.main_job", "--json", *arguments],
            cwd=ROOT, env=environment() | {name: value, "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield run
    signal.signal(signal.SIGINT, before)
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
    assert left_running(mark) == [], "processes are left"
    assert list(tmp_path.iterdir()) == [], "files are left"


def left_running(mark):
    """Command lines of the processes that carry the mark in their environment."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def facts(process):
    """The story, line by line."""
    for line in process.stdout:
        yield json.loads(line)


def ports(story):
    """Every port of the loopback that the story names."""
    text = " ".join(fact["what"] for fact in story)
    return {int(port) for port in re.findall(r"(?:127\.0\.0\.1:|broker on port )(\d+)", text)}


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_main_job_sees_everything_and_ends_by_itself(start):
    process = start("--for", "60")

    story = list(facts(process))

    assert process.wait(30) == 0, "\n".join(fact["what"] for fact in story[-20:])
    assert story[-1]["ok"]
    powered = {fact["what"].split()[3] for fact in story if "gets power" in fact["what"]}
    assert powered == {"pico_lora_sx1262", "t_beam"}
    assert len(ports(story)) >= 4
    assert [port for port in ports(story) if listening(port)] == []


@pytest.mark.parametrize("word", ["broker on port", "gets power", "joined"])
def test_ctrl_c_at_any_moment_leaves_nothing(start, word):
    process = start()
    story = []
    for fact in facts(process):
        story.append(fact)
        if word in fact["what"]:
            process.send_signal(signal.SIGINT)
            break

    story += list(facts(process))

    assert process.wait(30) in {1, 130}
    assert [port for port in ports(story) if listening(port)] == []


def test_a_killed_main_job_leaves_no_process(start, tmp_path_factory):
    process = start("--keep", str(tmp_path_factory.mktemp("kept")))
    for fact in facts(process):
        if "gets power" in fact["what"]:
            process.kill()
            break
    process.wait(10)

    time.sleep(3)  # the kernel signals its children, which end in order
