"""Names of MicroPython's modules, types and methods, from the stubs of the type checker."""

import ast
import builtins
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

STUBS = ("micropython-rp2-stubs", "micropython-stdlib-stubs")


def known(cache: Path) -> frozenset[str]:
    """Every name that something of MicroPython can have.

    cache: a folder; parsing the stubs takes a second. Raises PackageNotFoundError without them.
    """
    kept = cache / f"names-{'-'.join(metadata.version(name) for name in STUBS)}"
    if not kept.exists():
        found = {name for stubs in STUBS for path in _files(stubs) for name in _defined(path)}
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = kept.with_suffix(".tmp")
        fresh.write_text("\n".join(sorted(found)))
        fresh.replace(kept)
    types = (str, bytes, bytearray, list, dict, set, tuple, int, float, BaseException)
    return frozenset(kept.read_text().split("\n")).union(dir(builtins), *map(dir, types))


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
