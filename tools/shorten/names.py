"""Which names a source mentions, and which are its own."""

import ast
from collections.abc import Iterator

LOOKING_UP = {"getattr", "hasattr", "setattr", "delattr"}

NAMES = ("id", "attr", "name", "asname")
"""Fields of a syntax tree's nodes that hold an identifier."""


def is_private(name: str) -> bool:
    """One leading underscore, and more than that."""
    return name.startswith("_") and not name.startswith("__") and len(name) > 1


class File:
    """What a renaming must know of one source.

    mentioned: identifiers, also those of imported modules.  bound: identifiers that it defines as
    functions, classes, variables of a module or class, and attributes of `self`.  foreign: private
    names of other files' objects.  constants: those that the compiler replaces by a number.
    imported: what it imports, dotted.  keywords: arguments that a call names.  looked_up: texts of
    what looks names up by text: all of a file that does it by a variable.  bases: modules, or what
    is of them, that a class of it inherits from.  set_outside: attributes of others than `self`
    that it sets.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        items = list(ast.walk(tree))
        self.mentioned = set(_identifiers(items))
        self.looked_up = set(_looked_up(items))
        self.imported = {
            f"{item.module}.{alias.name}"
            for item in items
            if isinstance(item, ast.ImportFrom)
            for alias in item.names
        }
        self.keywords = {item.arg for item in items if isinstance(item, ast.keyword) and item.arg}
        self.constants = set(_constants(tree))
        self.bound = set(_bound(items, tree))
        self.foreign = {
            item.attr
            for item in items
            if isinstance(item, ast.Attribute) and is_private(item.attr) and not _of_self(item)
        }
        self.foreign |= {
            name for name in self.mentioned if is_private(name) and name not in self.bound
        }
        self.bases = set(_bases(items))
        self.set_outside = {
            item.attr
            for item in items
            if isinstance(item, ast.Attribute)
            and not isinstance(item.ctx, ast.Load)
            and not _of_self(item)
        }


def roots(tree: ast.Module) -> set[str]:
    """The first names of all modules that a source imports, or from which it does."""
    return {name.partition(".")[0] for name in _modules(tree)}


def _modules(tree: ast.Module) -> Iterator[str]:
    for item in ast.walk(tree):
        if isinstance(item, ast.Import):
            yield from (alias.name for alias in item.names)
        elif isinstance(item, ast.ImportFrom) and item.module:
            yield item.module


def _looked_up(items: list[ast.AST]) -> Iterator[str]:
    """Texts that may be the name in `getattr` or its like, or a field of a named tuple."""
    calls = [item for item in items if isinstance(item, ast.Call)]
    names = [call.args[1] for call in calls if _name(call.func) in LOOKING_UP]
    if any(not isinstance(name, ast.Constant) for name in names):
        yield from _texts(items)
        return
    fields = [call.args[1] for call in calls if _name(call.func) == "namedtuple"]
    yield from _texts([item for name in (*names, *fields) for item in ast.walk(name)])


def _name(called: ast.expr) -> str:
    return called.id if isinstance(called, ast.Name) else ""


def _texts(items: list[ast.AST]) -> Iterator[str]:
    for item in items:
        if isinstance(item, ast.Constant) and isinstance(item.value, str):
            yield item.value


def _of_self(item: ast.Attribute) -> bool:
    return isinstance(item.value, ast.Name) and item.value.id == "self"


def _identifiers(items: list[ast.AST]) -> Iterator[str]:
    for item in items:
        for field in (*NAMES, "arg", "module"):
            value = getattr(item, field, None)
            if isinstance(value, str):
                yield from value.split(".")
        if isinstance(item, ast.Global | ast.Nonlocal):
            yield from item.names


def _constants(tree: ast.Module) -> Iterator[str]:
    for item in tree.body:
        match item:
            case ast.Assign([ast.Name(name)], ast.Call(ast.Name("const"))) if is_private(name):
                yield name
            case _:
                pass


def _bound(items: list[ast.AST], tree: ast.Module) -> Iterator[str]:
    for item in items:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield item.name
        elif isinstance(item, ast.Attribute):
            if isinstance(item.ctx, ast.Store) and _of_self(item):
                yield item.attr
        elif isinstance(item, ast.arg) and is_private(item.arg):
            yield item.arg
    classes = [item for item in items if isinstance(item, ast.ClassDef)]
    for block in (tree, *classes):
        yield from _variables(block.body)


def _variables(body: list[ast.stmt]) -> Iterator[str]:
    """Those assigned in a module or class, also under `if`, `for`, `try`, but in no function."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for item in ast.walk(statement):
            if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
                yield item.id


def _bases(items: list[ast.AST]) -> Iterator[str]:
    """For `from node import base` and a class of `base.Entries`: `node` and `node.base`."""
    imported: dict[str, str] = {}
    for item in items:
        if isinstance(item, ast.ImportFrom) and item.module:
            for alias in item.names:
                imported[alias.asname or alias.name] = item.module + "." + alias.name
    for item in items:
        for base in item.bases if isinstance(item, ast.ClassDef) else ():
            first = ast.unparse(base).partition(".")[0]
            if first in imported:
                yield imported[first]
                yield imported[first].rpartition(".")[0]
