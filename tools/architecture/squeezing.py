"""Lines that were joined only to have fewer of them.

Chained statements (`a = 1; b = 2`), and a tuple assigned to a tuple where two assignments say the
same (`self.a, self.b = a, b`). A tuple assignment stays where it means something: the values read
what is being assigned (`a, b = b, a + b`), or two plain names take a pair of one shape
(`low, high = min(x), max(x)`). Tests may arrange several values on one line.
"""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

from tools.architecture.sources import Source

PAIR = 2
JS_CHAIN = re.compile(r";\s*[^\s})]")
JS_TEXT = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`|(?<=[(,=:] )/(?:\\.|[^/\\])+/"""
)
JS_COMMENT = re.compile(r"//.*|/\*.*?\*/")
JS_CASE = re.compile(r"^\s*(case\b[^;]*|default):[^;]*;\s*(break|return[^;]*);$")
CHAIN = "two statements on one line: give each its own"


def squeezed(source: Source) -> Iterator[tuple[int, str]]:
    """(line, sentence) of each squeezed line."""
    return _python(source) if source.is_python else _javascript(source)


def _python(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Assign) and not source.is_test:
            yield from _tuple(node)
        yield from _chained(node)


def _tuple(node: ast.Assign) -> Iterator[tuple[int, str]]:
    target = node.targets[0]
    if not isinstance(target, ast.Tuple) or not isinstance(node.value, ast.Tuple):
        return
    if _is_squeezed(target.elts, node.value.elts):
        names = ", ".join(ast.unparse(one) for one in target.elts)
        yield node.lineno, f"`{names} = ...` only saves lines: assign one by one"


def _is_squeezed(targets: list[ast.expr], values: list[ast.expr]) -> bool:
    if len(targets) != len(values) or _reads(values, targets):
        return False
    plain = all(isinstance(one, ast.Name) for one in targets)
    pair = len(targets) == PAIR and type(values[0]) is type(values[1])
    return not (plain and pair)


def _reads(values: list[ast.expr], targets: list[ast.expr]) -> bool:
    """Whether a value reads what is assigned beside it: then the order matters."""
    assigned = {ast.unparse(target) for target in targets}
    read = {
        ast.unparse(node)
        for value in values
        for node in ast.walk(value)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript)
    }
    return bool(assigned & read)


def _chained(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Statements of one block that begin on the line on which the one before ends."""
    for name in ("body", "orelse", "finalbody"):
        block: object = getattr(node, name, None)
        statements = cast("list[ast.stmt]", block) if isinstance(block, list) else []
        for before, after in pairwise(statements):
            if after.lineno == before.end_lineno:
                yield after.lineno, CHAIN


def _javascript(source: Source) -> Iterator[tuple[int, str]]:
    """Chained statements. A `case` that ends with `break` on its line is a row of a table."""
    in_comment = False
    for number, line in enumerate(source.lines, 1):
        code = JS_COMMENT.sub("", JS_TEXT.sub("''", line)).rstrip()
        in_comment = in_comment or code.lstrip().startswith("/*")
        spared = in_comment or "for (" in code or JS_CASE.match(code)
        if not spared and JS_CHAIN.search(code):
            yield number, CHAIN
        in_comment = in_comment and "*/" not in code
