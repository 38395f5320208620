"""The texts of the console against the table, the settings and the code that asks for them."""

import re

import pytest
from wire.all_profiles import PROFILES
from wire.meaning import MEANING

from tools.build import FIRMWARE, texts

FILES = sorted(texts().values())
UNKEPT = {"seq", "age"}
"""Fields that a reading gets when it is journalled: no console shows them."""


def lines(path):
    """{name: its parts} of a file of texts."""
    rows = [line.split("|") for line in path.read_text().splitlines() if line[0] != "#"]
    return {name: parts for name, *parts in rows}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_name_has_two_lines(path):
    names = [line.partition("|")[0] for line in path.read_text().splitlines()]

    assert sorted(set(names) - {"#"}) == sorted(name for name in names if name != "#")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_field_of_a_reading_has_the_unit_of_the_table(path):
    known = lines(path)

    for facts in PROFILES.values():
        for field, (unit, _) in MEANING[str(facts["payload"])][1].items():
            if field not in UNKEPT and field != "boots":
                assert known[field][0] == unit, field
                assert known[field][1], field


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_quantity_whose_name_tells_its_unit_has_that_unit(path):
    units = {"s": "s", "ms": "ms", "us": "us", "mm": "mm", "mv": "mV", "min": "min", "level": "%"}

    for name, parts in lines(path).items():
        if "_" in name and (unit := units.get(name.rsplit("_")[-1])):
            assert parts[0] == unit, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_verdict_for_all_others_is_the_last(path):
    for name, parts in lines(path).items():
        if name[0] in "?!":
            assert len(parts) == 2, name
            continue
        open_ended = [clause[0] not in ">=" for clause in parts[2:]]
        assert not any(open_ended[:-1]), name
        limits = [int(clause[2:].split()[0]) for clause in parts[2:] if clause[:2] == ">="]
        assert limits == sorted(limits, reverse=True), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_error_and_command_of_the_code_has_its_text(path):
    known = lines(path)
    asked = {}
    for source in FIRMWARE.glob("node/**/*.py"):
        text = source.read_text()
        for code, more in re.findall(r'ConsoleError\("(\w+)"((?:, [^)]*)?)\)', text):
            asked[f"!{code}"] = more
        for row in re.findall(r"^TABLE = \((.*?)\)$", text, re.MULTILINE | re.DOTALL):
            asked |= dict.fromkeys(map("?{}".format, re.findall(r'\("(\w+)", _', row)), "")
    asked |= {f"?{path.stem}": "" for path in FIRMWARE.glob("node/shell/[a-z]*.py")}

    assert {"!number", "?help", "?lamp", "?safe", "?join", "?calib"} <= set(asked)
    causes = {
        "!starting",
        "!not set",
        "!device.json",
        "!safe mode",
        "!wiring",
        "!settings",
    }  # made in the shell
    assert not [name for name in {*asked, *causes} - {"!unready"} if name not in known]


def marks(words):
    """What a sentence takes: `%s`, `%d`."""
    return re.findall(r"%[sd]", words)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_language_has_the_names_units_and_conditions_of_english(path):
    english, other = lines(FIRMWARE / "node/texts/en.txt"), lines(path)

    assert sorted(other) == sorted(english)
    for name, parts in english.items():
        if name[0] in "!?":
            assert [marks(one) for one in other[name]] == [marks(one) for one in parts], name
        elif name[0] != "~" and name != "yes":
            assert other[name][:1] == parts[:1], name
            conditions = [clause.partition(" ")[0] for clause in parts[2:] if clause[0] in ">="]
            said = [clause.partition(" ")[0] for clause in other[name][2:] if clause[0] in ">="]
            assert said == conditions, name
