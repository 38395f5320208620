"""Kinds found by their file: the name of a module in a package is its key.

A module whose name begins with `_` is a part that the kinds of its package share, not a kind.
"""

import importlib
import pkgutil
from types import ModuleType
from typing import Any

from gateway.errors import Refused


def names(package: ModuleType) -> tuple[str, ...]:
    """The kinds of a package, in alphabetical order; none of them is imported."""
    found = (one.name for one in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def find(package: ModuleType, name: str, noun: str) -> Any:
    """The module of one kind. Raises Refused that lists the kinds there are.

    noun: what a kind of this package is called in the message, as `network`.
    """
    known = names(package)
    if name not in known:
        raise Refused(f"there is no {noun} {name!r}; expected one of: {', '.join(known)}")
    return importlib.import_module(f"{package.__name__}.{name}")
