"""Each decoder is made while its module is read, by one thread.

msgspec 0.22 collects the fields of a Struct at its first use, in steps between which another
thread may run; one that uses the type meanwhile reads a null pointer, and the process ends by
SIGSEGV.
"""

import ast
from pathlib import Path

import gateway

FOLDER = Path(gateway.__file__).parent
FILES = sorted(one for one in FOLDER.rglob("*.py") if "tests" not in one.parts)


def late(tree):
    """Lines where a decoder is made, or a type is named to decode into, inside a function."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        for one in ast.walk(function):
            if not isinstance(one, ast.Call):
                continue
            called = ast.unparse(one.func)
            typed = any(keyword.arg == "type" for keyword in one.keywords)
            if called.endswith("Decoder") or (called.endswith("decode") and typed):
                yield one.lineno


def test_no_function_makes_a_decoder():
    found = [
        f"{path.relative_to(FOLDER)}:{line}"
        for path in FILES
        for line in late(ast.parse(path.read_text()))
    ]

    assert len(FILES) > 100
    assert found == []


def test_none_is_made_when_it_is_first_asked_for():
    cached = [str(path) for path in FILES if "cache(msgspec" in path.read_text()]

    assert cached == []
