"""How long files and functions may be.

A leaf is a file that adds one thing and is found by its name: a sensor, a board, a region. It is
read by whoever writes the next one, so it is short. Everything else is core.
"""

import ast
import re
from collections.abc import Iterator

from tools.architecture.sources import Source

LEAF_FOLDERS = (
    "boards",
    "firmware/lorawan/region",
    "firmware/node/links",
    "firmware/node/ports",
    "firmware/node/profiles",
    "firmware/node/sensors",
    "gateway/cli",
    "gateway/devices",
    "gateway/networks",
    "gateway/sinks",
    "tools/bench/measure",
    "tools/bench/network/api",
    "tools/bench/network/region",
    "tools/bench/sim/parts",
)
"""Folders in which a file's name is its registry key; `_name.py` and `__init__.py` are none."""

LEAF_LINES = 150
CORE_LINES = 400
FUNCTION_LINES = 40

LONG_FUNCTIONS = {
    ("tools/bench/sim/chip/core.mjs", "run"): "one loop over all instructions; a call each costs",
}
"""Functions that stay long, and why."""

# The formatter puts a function's head and its closing brace at the same indent.
JS_HEAD = re.compile(
    r"^(?P<indent> *)(?:export )?(?:static )?(?:async )?(?:function\*? ?(?P<name>\w+)|"
    r"(?:get |set )?(?P<method>#?\w+))\([^;]*\) \{$"
)
JS_WORDS = {"if", "for", "while", "switch", "catch", "with"}


def is_leaf(path: str) -> bool:
    """Whether this file adds one thing by its name."""
    folder, _, name = path.rpartition("/")
    return folder in LEAF_FOLDERS and not name.startswith("_")


def file_too_long(source: Source) -> Iterator[tuple[int, str]]:
    """A violation when the file is longer than its kind may be."""
    leaf = is_leaf(source.path)
    most = LEAF_LINES if leaf else CORE_LINES
    count = len(source.lines)
    if count > most:
        kind = "leaf" if leaf else "file"
        yield (
            most + 1,
            f"a {kind} of {count} lines; at most {most}: split it by what changes apart",
        )


def functions_too_long(source: Source) -> Iterator[tuple[int, str]]:
    """Each function of more than 40 lines, its docstring not counted."""
    found = _python(source) if source.is_python else _javascript(source)
    for line, name, count in found:
        if count > FUNCTION_LINES and (source.path, name) not in LONG_FUNCTIONS:
            yield line, f"{name} has {count} lines; a function has at most {FUNCTION_LINES}"


def _python(source: Source) -> Iterator[tuple[int, str, int]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            yield node.lineno, node.name, count - _docstring_lines(node)


def _docstring_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    if ast.get_docstring(node, clean=False) is None:
        return 0
    first = node.body[0]
    return (first.end_lineno or first.lineno) - first.lineno + 1


def _javascript(source: Source) -> Iterator[tuple[int, str, int]]:
    lines = source.lines
    for number, line in enumerate(lines):
        head = JS_HEAD.match(line)
        name = head and (head["name"] or head["method"])
        if head and name not in JS_WORDS:
            end = f"{head['indent']}}}"
            count = next(i for i, one in enumerate(lines[number:], 1) if one.startswith(end))
            yield number + 1, str(name), count
