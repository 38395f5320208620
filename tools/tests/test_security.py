"""SECURITY.md: each test that a row names is there, and no row of a standard is left out."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<what>(API|5\.)\d+[^|]*) \| (?P<shown>[^|]+) \|$", re.MULTILINE)
ROWS = [(one["what"], one["shown"]) for one in ROW.finditer(TEXT)]
NAMED = re.compile(r"`([^`:]+)::(\w+)`")


@pytest.mark.parametrize(("what", "shown"), ROWS, ids=[what for what, _ in ROWS])
def test_a_row_names_a_test_that_is_there_or_says_what_is_missing(what, shown):
    named = NAMED.fullmatch(shown)
    if named is None:
        assert shown.startswith("missing: ") or shown.endswith("; no test"), what
        return
    file, test = named.groups()
    assert re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(), re.MULTILINE), shown


def test_every_risk_and_every_provision_has_a_row():
    shown = {re.split(r"[ ,]", what)[0] for what, _ in ROWS}

    assert shown == {f"API{n}" for n in range(1, 11)} | {f"5.{n}" for n in range(1, 14)}
