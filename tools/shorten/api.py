"""Names of MicroPython's modules, types and methods, from the stubs of the type checker."""

import ast
import builtins
from collections.abc import Iterable, Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path

from tools.shorten.names import File, roots

STUBS = ("micropython-rp2-stubs", "micropython-stdlib-stubs")
OF_ALL = ("builtins", "typing", "types", "_typeshed", "_mpy_shed")
"""Stubs of what needs no import."""


def kept(cache: Path, sources: Iterable[str], plain: Iterable[str]) -> set[str]:
    """The names that no renaming may change.

    cache: a folder; parsing the stubs takes a second.  sources: texts of an install.  plain: texts
    of it that stay as they are.  Raises PackageNotFoundError without the stubs.
    """
    others = [ast.parse(text) for text in plain]
    trees = [*others, *map(ast.parse, sources)]
    mentioned = chain.from_iterable(File(tree).mentioned for tree in others)
    return {*mentioned, *known(cache, chain.from_iterable(map(roots, trees)))}


def known(cache: Path, imported: Iterable[str]) -> frozenset[str]:
    """Every name that something of MicroPython can have, of its own types or these modules.

    imported: as `asyncio`; there are no objects of the others.
    """
    kept = cache / f"names-by-module-{'-'.join(metadata.version(name) for name in STUBS)}"
    if not kept.exists():
        found = {
            f"{_module(path)} {name}"
            for stubs in STUBS
            for path in _files(stubs)
            for name in _defined(path)
        }
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(".tmp")
        fresh.write_text("\n".join(sorted(found)))
        fresh.replace(kept)
    wanted = {*OF_ALL, *chain.from_iterable((name, f"_{name}") for name in imported)}
    rows = (line.split() for line in kept.read_text().split("\n"))
    types = (str, bytes, bytearray, list, dict, set, tuple, int, float, BaseException)
    names = {name for module, name in rows if module in wanted}
    return frozenset(names).union(dir(builtins), *map(dir, types))


def _module(path: Path) -> str:
    """The module, or the package, that a file of stubs tells of; both distributions mix them."""
    parts = path.parts[path.parts.index("site-packages") + 1 :]
    return parts["stdlib" in parts[:1]].removesuffix(".pyi")


def _files(stubs: str) -> Iterator[Path]:
    for file in metadata.files(stubs) or ():
        if file.suffix == ".pyi":
            yield Path(str(file.locate()))


def _defined(path: Path) -> Iterator[str]:
    for item in ast.walk(ast.parse(path.read_text())):
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield item.name
        elif isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            yield item.id
