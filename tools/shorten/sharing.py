"""The other names of what several files mention: one name may serve in files that never meet.

Two names may become the same one if no object has both: none is in a file with the other, nor in
one whose classes inherit from those of such a file, and none is set from outside its class.
"""

import ast
import builtins
from collections.abc import Iterable, Mapping
from itertools import chain

from tools.shorten.names import File


class Sharing:
    """files: {module, as `node.app`: what a renaming must know of it}."""

    def __init__(self, files: Mapping[str, File]) -> None:
        self._families = _families(files)
        self._every = frozenset(files)
        self._mentioned = {
            module: file.mentioned | _inherited(file.tree) for module, file in files.items()
        }
        self._set_outside = set(chain.from_iterable(file.set_outside for file in files.values()))
        self._given: dict[str, set[str]] = {module: set() for module in files}

    def taken(self, module: str) -> set[str]:
        """Names that mean something in a file, or in one that it inherits from."""
        return self._meant(self._families[module])

    def _meant(self, modules: Iterable[str]) -> set[str]:
        """Names that mean something in one of these files."""
        found = (self._given[one] | self._mentioned[one] for one in modules)
        return set(chain.from_iterable(found))

    def zone(self, name: str) -> frozenset[str]:
        """The files where an object may be that has an attribute of this name."""
        if name in self._set_outside:
            return self._every
        mention = [module for module, names in self._mentioned.items() if name in names]
        return frozenset(chain.from_iterable(self._families[module] for module in mention))

    def assign(self, names: Iterable[str], others: Iterable[str]) -> dict[str, str]:
        """{name: the other}, the first of `others` that is free for it; none if there is none."""
        others = list(others)
        found: dict[str, str] = {}
        for name in names:
            zone = self.zone(name)
            taken = self._meant(zone)
            other = next((one for one in others if one not in taken), None)
            if other:
                found[name] = other
                for module in zone:
                    self._given[module].add(other)
        return found


def _families(files: Mapping[str, File]) -> dict[str, frozenset[str]]:
    """{module: those it inherits from, that inherit from it, and so on, with itself}."""
    families = {module: frozenset({module}) for module in files}
    for module, file in files.items():
        for base in file.bases & files.keys():
            whole = families[module] | families[base]
            families |= dict.fromkeys(whole, whole)
    return families


def _inherited(tree: ast.Module) -> set[str]:
    """Attributes that the classes of a file have from Python's own, like `args`."""
    found: set[str] = set()
    for item in ast.walk(tree):
        if isinstance(item, ast.ClassDef):
            bases = (getattr(builtins, ast.unparse(base), object) for base in item.bases)
            found |= {name for base in bases for name in dir(base)} - set(dir(object))
            found |= {"value"} if item.bases else set()  # of an exception, in MicroPython
    return found
