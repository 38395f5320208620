"""The table of faults names every test, and what it asserts to show that its fault fired."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
TABLE = (TESTS / "faults" / "README.md").read_text()
ROW = re.compile(
    r"^\| (?P<fault>[^|]+) \| `(?P<file>[^:`]+)::(?P<test>\w+)` \| `(?P<fired>.+)` \|$"
)
ROWS = [found for line in TABLE.splitlines() if (found := ROW.match(line))]
WANTED = {f"F{number}" for number in range(1, 22)}
"""Source: the gateway's list of faults, F1 to F21."""


def functions(path):
    """The names of a file's tests."""
    return re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)


def test_every_row_is_read():
    assert len(ROWS) == TABLE.count("::test_")


def test_every_fault_of_the_list_has_a_test():
    named = {one for row in ROWS for one in re.findall(r"F\d+", row["fault"])}

    assert named == WANTED


def test_every_test_of_the_table_is_there_and_asserts_what_it_says():
    for row in ROWS:
        path = TESTS / row["file"]
        assert row["test"] in functions(path), row["test"]
        assert row["fired"] in path.read_text(), (row["test"], row["fired"])


def test_every_test_of_a_fault_is_in_the_table():
    there = {
        f"faults/{path.name}::{test}"
        for path in (TESTS / "faults").glob("test_*.py")
        for test in functions(path)
    }

    assert there - {f"{row['file']}::{row['test']}" for row in ROWS} == set()
