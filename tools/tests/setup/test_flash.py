import hashlib

import pytest

from tools.build import BuildError
from tools.flash import Change, FlashError, change, flash, listed, main


def digest(data):
    return hashlib.sha256(data).hexdigest()


def test_a_board_lists_a_file_a_line_whatever_its_name():
    said = '["/main.py", "ab"]\r\n["/a [b], \\"c\\"\\nd", "cd"]\r\n'

    assert listed(said) == {"/main.py": "ab", '/a [b], "c"\nd': "cd"}
    assert listed("") == {}


def test_an_empty_board_gets_everything_and_main_last():
    wanted = {"/main.py": b"m", "/boot.py": b"b", "/lib/node/app.mpy": b"a", "/board.py": b"p"}

    assert change(wanted, {}) == Change(
        send=("/board.py", "/lib/node/app.mpy", "/boot.py", "/main.py"),
        remove=(),
        folders=("/lib", "/lib/node"),
    )


def test_only_what_differs_is_sent():
    wanted = {"/main.py": b"m", "/lib/node/app.mpy": b"new"}

    todo = change(wanted, {"/main.py": digest(b"m"), "/lib/node/app.mpy": digest(b"old")})

    assert todo.send == ("/lib/node/app.mpy",)


def test_a_board_file_that_was_edited_on_the_board_stays():
    wanted = {"/board.py": b"stock", "/main.py": b"m"}
    present = {"/board.py": digest(b"edited"), "/main.py": digest(b"old")}

    assert change(wanted, present) == Change(("/main.py",), (), (), kept=("/board.py",))
    assert change(wanted, {"/board.py": digest(b"stock")}).kept == ()


def test_it_is_replaced_when_asked():
    todo = change({"/board.py": b"stock"}, {"/board.py": digest(b"edited")}, keep=())

    assert todo == Change(("/board.py",), (), ())


def test_modules_that_are_no_more_and_sources_that_hide_ours_go_away():
    wanted = {"/lib/node/app.mpy": b"a"}
    present = {
        "/lib/node/app.mpy": digest(b"a"),
        "/lib/node/old.mpy": "",
        "/lib/node/app.py": "",
        "/node/app.py": "",
    }

    assert change(wanted, present) == Change(
        (), ("/lib/node/app.py", "/lib/node/old.mpy", "/node/app.py"), ()
    )


def test_what_is_not_ours_stays():
    present = {"/lib/sdcard.mpy": "", "/notes.txt": "", "/lib/node/data.bin": "", "/own.py": ""}

    assert change({"/lib/node/app.mpy": b"a"}, present).remove == ()


def test_no_such_port_is_said_before_the_board_is_asked():
    with pytest.raises(FlashError, match="There is no port /dev/ttyNONE"):
        flash("pico_lora_sx1262", "/dev/ttyNONE")


def test_no_such_board_is_said_first():
    with pytest.raises(BuildError, match="There is no board 'pico'"):
        flash("pico", "/dev/ttyNONE")


def test_a_port_that_is_no_board_gives_one_sentence(tmp_path, capsys):
    (tmp_path / "port").write_text("")

    assert main(["pico_lora_sx1262", str(tmp_path / "port")]) == 1
    said = capsys.readouterr().err
    assert "mpremote failed on" in said
    assert "run this again" in said
    assert "Traceback" not in said


def test_empty_names_are_answered_with_the_whole_command(capsys):
    assert main(["", ""]) == 2
    assert "make flash BOARD=" in capsys.readouterr().err
