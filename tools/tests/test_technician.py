"""The technician's page: one sheet a language, and only commands that there are."""

import importlib.util
import re

import click
import pytest

from gateway.cli import main as lamplighter
from tools.build import FIRMWARE
from tools.technician import __main__ as program
from tools.technician import page
from tools.technician.widths import width_pt

LANGUAGES = page.languages()
TEXTS = (FIRMWARE / "node/texts/en.txt").read_text()
CONSOLE = set(re.findall(r"^\?(\w+)\|", TEXTS, re.MULTILINE))
BIN = "info, profile bin 1000, measure 3, calib empty, join, link 3, test, asset BAC-42, save"
"""As `test_visit_emulated` does it on both boards."""


def exists(command):
    """Is there such a command, of console, `lamplighter`, a tool or mpremote?"""
    words = command.split()
    if words[0] == "lamplighter":
        group: click.Command | None = lamplighter
        for word in words[1:3]:
            group = group.get_command(click.Context(group), word) if isinstance(
                group, click.Group) else None  # fmt: skip
        return group is not None and takes(group, words[3:])
    if words[:2] == ["python", "-m"]:
        return importlib.util.find_spec(words[2]) is not None
    return words[0] in CONSOLE or words[:2] == ["mpremote", "connect"]


def takes(command, words):
    """Has a command these options, and an argument called as each other word?"""
    names = {option for one in command.params for option in one.opts}
    arguments = {one.human_readable_name for one in command.params}
    metavars = {one.metavar or "PATH" for one in command.params if isinstance(one, click.Option)}
    return all(
        word in names or word.upper() in {name.upper() for name in arguments} | metavars
        or (word == "FOLDER" and "--output" in words) for word in words
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_one_sheet_and_nothing_is_outside_its_margins(language):
    made = page.pdf(language)
    places = re.findall(rb"/F1 ([\d.]+) Tf ([\d.]+) ([\d.]+) Td", made)

    assert made.startswith(b"%PDF-1.4\n")
    assert b"/Count 1 " in made
    assert len(places) > 40
    assert min(float(y) for _, _, y in places) > 10 * 72 / 25.4
    assert max(float(y) for _, _, y in places) < 285 * 72 / 25.4
    assert b"?" not in re.sub(rb"est-ce la bonne lampe \?|right lamp\?", b"", made), (
        "a letter that the font lacks"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_it_says_to_type_exists(language):
    found = page.commands(language)

    assert len(found) > 25
    assert [command for command in found if not exists(command)] == []
    assert BIN in ", ".join(found)


def test_a_command_that_is_none_is_found():
    for command in ("calibrate empty", "lamplighter device mend", "lamplighter device labels -x"):
        assert not exists(command)
    assert not exists("python -m tools.flash_none FOLDER")


def test_every_language_says_to_type_the_same():
    first, *others = (
        [command.split(" N")[0] for command in page.commands(language)] for language in LANGUAGES
    )

    assert LANGUAGES == ["en", "fr"]
    assert [first] * len(others) == others


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("info | " + "much " * 80, "mm too long: shorten it"),
        ("\n".join(f"info | {n}" for n in range(60)), "en.txt ends at 3"),
    ],
    ids=["a line", "the page"],
)
def test_what_does_not_fit_is_refused(monkeypatch, tmp_path, capsys, text, why):
    monkeypatch.setattr(page, "FOLDER", tmp_path)
    (tmp_path / "en.txt").write_text(text)

    assert program.main(["--output", str(tmp_path / "made")]) == 1
    assert why in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_a_file_for_each_language_is_written(tmp_path, capsys):
    assert program.main(["--output", str(tmp_path / "made")]) == 0
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "technician-en.pdf", "technician-fr.pdf",
    ]  # fmt: skip
    (tmp_path / "file").write_text("")
    assert program.main(["--output", str(tmp_path / "file")]) == 1
    assert "give --output" in capsys.readouterr().err


def test_a_width_is_that_of_the_font():
    assert width_pt("Wi-", 10) == pytest.approx((944 + 222 + 333) / 100)
    assert width_pt("é", 10) == width_pt("e", 10)
