"""MicroPython's own tests on the emulated ESP32: a few of each folder, and how they are judged."""

import pytest

from tools.bench.conformance.__main__ import chosen, main, verdict
from tools.bench.conformance.board import Board
from tools.bench.conformance.expected import passes
from tools.setup import micropython_tests
from tools.setup.paths import MICROPYTHON_TESTS
from tools.setup.progress import SetupError
from tools.setup.system import System

there = pytest.mark.skipif(
    not MICROPYTHON_TESTS.exists(), reason="MicroPython's own tests are not here: run `make test`"
)
FEW = (
    "basics/gen_yield_from_exc.py", "basics/int_big_div.py", "basics/struct1.py",
    "basics/try_finally_return2.py", "extmod/re1.py", "extmod/asyncio_gather.py",
    "extmod/cryptolib_aes128_cbc.py", "extmod/json_dumps.py", "float/float1.py",
    "float/math_fun.py", "float/string_format.py", "micropython/heap_lock.py",
    "micropython/viper_ptr16_load.py", "micropython/native_closure.py", "misc/rge_sm.py",
    "stress/recursive_gen.py",
)  # fmt: skip


@there
@pytest.mark.slow
async def test_a_few_of_each_folder_pass():
    async with Board("t_beam") as board:
        results = [(name, (await verdict(board, chosen([name])[0]))[0]) for name in FEW]

    assert results == [(name, "passed") for name in FEW]


@pytest.mark.slow
async def test_a_wrong_output_fails_and_a_board_that_hangs_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.bench.conformance.board.LONGEST_S", 2)
    test = tmp_path / "test.py"
    async with Board("t_beam") as board:
        found = []
        for code in (
            "import sys\nprint(sys.platform)",  # esp32: not what CPython prints
            "while True: pass",
            "import unittest",
            "print('SKIP')\nraise SystemExit",
            "print(3 * 4)",
        ):
            test.write_text(code)
            found.append((await verdict(board, test))[0])

    assert found == ["failed", "failed", "left out", "skipped", "passed"]


def test_an_exp_file_comes_first_and_may_leave_lines_open(tmp_path):
    test = tmp_path / "test.py"
    test.write_text("print('other')")
    (tmp_path / "test.py.exp").write_text("first\n########\nlast\n")

    assert passes(test, "first\r\nany\r\nthing\r\nlast\r\n")
    assert passes(test, "other\r\n"), "the unix port's is as good"
    assert not passes(test, "first\r\nany\r\n")


def test_what_is_not_there_is_named(monkeypatch, tmp_path, capsys):
    with pytest.raises(SetupError, match=r"there is no test basics/none\.py: name one of basics"):
        chosen(["basics/none.py"])
    monkeypatch.setenv("MICROPYTHON_TESTS", str(tmp_path))

    assert main([]) == 2
    assert "has no folder basics: name the folder `tests`" in capsys.readouterr().err
    with pytest.raises(SetupError, match="has no folder basics"):
        micropython_tests.wanted()


def test_a_folder_of_ones_own_is_copied(monkeypatch, tmp_path):
    for name in micropython_tests.FOLDERS:
        (tmp_path / "own" / name).mkdir(parents=True)
        (tmp_path / "own" / name / "one.py").write_text(name)
    monkeypatch.setenv("MICROPYTHON_TESTS", str(tmp_path / "own"))
    monkeypatch.setattr(micropython_tests, "MICROPYTHON_TESTS", tmp_path / "tests")
    monkeypatch.setattr("tools.setup.stamps.STAMPS", tmp_path / "stamps")
    key = micropython_tests.wanted()
    assert not micropython_tests.ready(key)

    micropython_tests.bring(System((), "", ""), key)

    assert micropython_tests.ready(key)
    assert (tmp_path / "tests" / "float" / "one.py").read_text() == "float"
