"""Rows as CSV (RFC 4180), which a spreadsheet may open: no text in it is computed.

Source: OWASP, "CSV Injection": what a cell begins with that a spreadsheet takes for a formula.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

COMPUTED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width


def rows(made: Iterable[Sequence[Any]]) -> bytes:
    """Lines of UTF-8. Text that would be computed gets an apostrophe before it; None is empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    for one in made:
        writer.writerow([_cell(value) for value in one])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        value = " ".join(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, str) and value.startswith(COMPUTED):
        return f"'{value}"
    return value
