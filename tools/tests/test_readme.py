"""The pages that people read first: links lead somewhere, and both languages say the same."""

import re

import pytest

from tools.setup.paths import ROOT

PAGES = ("README.md", "README.fr.md")


def commands(page):
    """The lines of a page's code blocks that a person types."""
    lines = (ROOT / page).read_text().splitlines()
    return {line.strip() for line in lines if re.match(r"    (make|git|\.cache/)", line)}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page):
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())

    assert "boards/pico_lora_sx1262.svg" in links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_what_the_french_page_has_typed_stands_in_the_english_one():
    typed = commands("README.fr.md")

    assert len(typed) > 6
    assert typed <= commands("README.md")


def test_the_french_page_shows_lines_of_the_english_one():
    shown = re.findall(r"^ {4,}\d+\.\d s .*$", (ROOT / "README.fr.md").read_text(), re.MULTILINE)

    assert len(shown) > 2
    assert set(shown) <= set((ROOT / "README.md").read_text().splitlines())
