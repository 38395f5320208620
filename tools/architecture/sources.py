"""The source files that the rules are about."""

import ast
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOTS = ("gateway", "tools", "firmware", "hil_tests", "boards")
LEFT_OUT = ("node_modules", "__pycache__", "generated", "data")
"""Folders of what others wrote, of what is generated, and of test data."""


@dataclass(frozen=True)
class Source:
    """One file. path: relative to the root, with slashes. module: its name in an import."""

    path: str
    text: str

    @property
    def is_python(self) -> bool:
        """Python, else JavaScript."""
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        """Whether it lies in a folder of tests."""
        return self.path.startswith("hil_tests/") or "/tests/" in self.path

    @property
    def module(self) -> str:
        """`gateway.store` for gateway/store/__init__.py, `node.app` for firmware/node/app.py."""
        name = self.path.removeprefix("firmware/").removesuffix(".py").removesuffix("/__init__")
        return name.replace("/", ".")

    @property
    def lines(self) -> list[str]:
        """Its lines without their ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The parsed Python file."""
        return ast.parse(self.text)


def sources(root: Path) -> list[Source]:
    """All Python and JavaScript files of the project below `root`, in order of their paths."""
    found = [
        path
        for name in ROOTS
        for kind in ("*.py", "*.mjs")
        for path in sorted((root / name).rglob(kind))
        if not set(path.relative_to(root).parts) & set(LEFT_OUT)
    ]
    return [
        Source(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in found
    ]
