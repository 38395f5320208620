"""A batch of boards, as they are plugged in: the next unit, its note, and what goes wrong."""

import contextlib
import json

import pytest

from tools.flash import FlashError
from tools.flash_all import Batch, main, run

UNITS = {f"70b3d57ed000000{at}": f"bin {at}" for at in range(1, 5)}


class Boards:
    """A bench whose boards come and go by a script: each look is the next set of ports.

    held: {port: DevEUI of the board there}.  failing: ports whose next installation fails.
    """

    def __init__(self, *looks):
        self.looks = list(looks)
        self.held = {}
        self.failing = set()
        self.installed = []

    def ports(self):
        if not self.looks:
            raise KeyboardInterrupt
        return self.looks.pop(0)

    def identity(self, port):
        return self.held.get(port, "")

    def install(self, port, unit):
        if port in self.failing:
            self.failing.discard(port)
            raise FlashError(f"mpremote failed on {port}.")
        assert json.loads(unit.read_text())["dev_eui"] == unit.stem
        self.installed.append((port, unit.stem))


@pytest.fixture
def folder(tmp_path):
    rows = "".join(f"{name},bin,{eui},{'0' * 16},3600,\n" for eui, name in UNITS.items())
    (tmp_path / "devices.csv").write_text("name,profile,dev_eui,join_eui,report_s,asset\n" + rows)
    for eui in UNITS:
        (tmp_path / f"{eui}.json").write_text(json.dumps({"dev_eui": eui, "app_key": "k"}))
    return tmp_path


def go(folder, bench):
    """What is said, and the units done, until the script ends or all are done."""
    said, done = [], []
    with contextlib.suppress(KeyboardInterrupt):
        done.extend(run(Batch(folder), bench, said.append, lambda: None))
    return said, done


def test_each_board_that_is_plugged_in_gets_the_next_unit(folder):
    bench = Boards(set(), {"a"}, {"a"}, set(), {"a"}, {"a", "b"}, {"b"}, set(), {"c"})

    said, done = go(folder, bench)

    assert done == list(UNITS)
    assert [port for port, _ in bench.installed] == ["a", "a", "b", "c"]
    assert said[0] == "1 of 4: plug in the board for bin 1 (70b3d57ed0000001)"
    assert said[1] == "a: installing bin 1 (70b3d57ed0000001) ..."
    assert said[2] == "1 of 4: bin 1 (70b3d57ed0000001) is done; unplug it."
    assert said[-1].startswith("4 of 4: bin 4")
    assert (folder / "flashed.csv").read_text().splitlines()[0] == "70b3d57ed0000001,bin 1,a"


def test_it_goes_on_where_it_was_stopped(folder):
    assert go(folder, Boards({"a"}, set(), {"b"}))[1] == list(UNITS)[:2]
    assert go(folder, Boards({"a"}, set(), {"b"}))[1] == list(UNITS)[2:]
    assert go(folder, Boards())[1] == []


def test_a_board_that_fails_is_said_and_its_unit_comes_again(folder):
    bench = Boards({"a"}, {"a"}, set(), {"a"})
    bench.failing = {"a"}

    said, done = go(folder, bench)

    assert "mpremote failed on a. Then unplug it and plug it in." in said
    assert done == ["70b3d57ed0000001"]


def test_two_boards_never_get_the_same_unit_and_a_done_one_is_left_alone(folder):
    bench = Boards({"a", "b"}, {"a", "b"}, {"a"}, {"a", "b"})
    bench.held = {"b": "70b3d57ed0000001"}

    said, done = go(folder, bench)

    assert done == ["70b3d57ed0000001"]
    assert "b is bin 1 (70b3d57ed0000001), done before: unplug it." in said


def test_a_board_of_another_batch_keeps_its_unit(folder):
    bench = Boards({"a"})
    bench.held = {"a": "aaaaaaaaaaaaaaaa"}

    said, done = go(folder, bench)

    assert (done, bench.installed) == ([], [])
    assert "a holds the unit aaaaaaaaaaaaaaaa, which is not of this batch: unplug it." in said


def test_a_board_that_was_cut_off_before_its_note_keeps_its_unit(folder):
    bench = Boards({"a"})
    bench.held = {"a": "70b3d57ed0000003"}

    assert go(folder, bench)[1] == ["70b3d57ed0000003"]


def test_a_folder_that_is_none_is_named(tmp_path, capsys):
    assert main([str(tmp_path), "pico_lora_sx1262"]) == 1
    assert "has no devices.csv of `lamplighter device import`" in capsys.readouterr().err
    assert main([str(tmp_path), "no_board"]) == 1
    assert "There is no board 'no_board'" in capsys.readouterr().err
