"""Output of the command line: answers as text or JSON, errors as one sentence and who acts next.

Exit codes: 0 done; 1 refused, the caller changes the request; 2 the command line is wrong;
3 the operator edits the configuration; 4 not now, try again; 5 the machine needs repair.
"""

import sys
import textwrap
from collections.abc import Sequence
from typing import Any, NoReturn, cast

import click
import msgspec
from msgspec import Struct

from gateway.errors import Broken, ConfigError, GatewayError, Refused, Retry, problem

IN_A_LINE = 4
"""A dict of so many plain values stands in one line."""
EXIT: tuple[tuple[type[GatewayError], int], ...] = (
    (Refused, 1), (ConfigError, 3), (Retry, 4), (Broken, 5),
)  # fmt: skip


class Answer(Struct):
    """Result of a command. value: for --json.  text: for a person.  code: the exit code.

    None as value: all was printed already.
    """

    value: Any
    text: str
    code: int = 0


def fail(error: GatewayError, *, as_json: bool) -> NoReturn:
    """Print an error to stderr and exit with its code."""
    shown = problem(error)
    text = f"{shown.error}\nNext: {shown.act}."
    click.echo(msgspec.json.encode(shown).decode() if as_json else text, err=True)
    sys.exit(exit_code(error))


def exit_code(error: GatewayError) -> int:
    """The exit code of an error; 5 for a kind without one."""
    return next((code for kind, code in EXIT if isinstance(error, kind)), 5)


def table(rows: list[dict[str, Any]], nothing: str) -> str:
    """Rows as aligned columns; `nothing` when there are none."""
    if not rows:
        return nothing
    cells = [[name.replace("_", " ") for name in rows[0]]]
    cells += [[_shown(value) for value in row.values()] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) for line in cells]
    return "\n".join(line.rstrip() for line in lines)


def lines(facts: dict[str, Any], indent: str = "") -> str:
    """Names and values as two columns, one pair a line; what has parts of its own below."""
    flat = {name: one for name, one in facts.items() if not _deep(one)}
    width = max(map(len, flat), default=0)
    shown: list[str] = []
    for name, one in facts.items():
        label = name.replace("_", " ")
        if not _deep(one):
            shown.append(f"{indent}{label:<{width}}  {_shown(one)}")
        elif isinstance(one, dict):
            shown += [f"{indent}{label}", lines(cast("dict[str, Any]", one), f"{indent}  ")]
        else:
            rows = table(cast("list[dict[str, Any]]", one), "")
            shown += [f"{indent}{label}", textwrap.indent(rows, f"{indent}  ")]
    return "\n".join(shown)


def _deep(value: Any) -> bool:
    """Whether a value is a table, or a dict that has one or is long."""
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value).values()
        return len(inside) > IN_A_LINE or any(isinstance(one, dict | list) for one in inside)
    if not isinstance(value, list):
        return False
    return any(isinstance(one, dict) for one in cast("list[Any]", value))


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        pairs = cast("dict[str, Any]", value)
        return " ".join(f"{name}={one}" for name, one in pairs.items()) or "-"
    if isinstance(value, list | tuple):
        return ",".join(map(str, cast("Sequence[Any]", value))) or "-"
    return "-" if value is None or value == "" else str(value)


def plain(value: Struct, *left_out: str) -> dict[str, Any]:
    """A Struct as a dict of JSON values, without some fields."""
    return {name: one for name, one in msgspec.to_builtins(value).items() if name not in left_out}


def choice_of(struct: type[Struct], field: str) -> click.Choice[str]:
    """The names that a field of a request may have, for an option that gives it."""
    return click.Choice([name for name in _property(struct, field)["enum"] if name])


def range_of(struct: type[Struct], field: str) -> click.IntRange:
    """The range of an integer field of a request, for an option that gives it."""
    whole = _property(struct, field)
    return click.IntRange(whole.get("minimum"), whole.get("maximum"))


def _property(struct: type[Struct], field: str) -> dict[str, Any]:
    """The JSON Schema of a field, without the alternative null."""
    schema = msgspec.json.schema(struct)["$defs"][struct.__name__]["properties"][field]
    return next(one for one in schema.get("anyOf", [schema]) if one.get("type") != "null")
