"""Renames a source by its syntax tree, and leaves out what only the type checker reads."""

import ast
from collections.abc import Mapping, Sequence

from tools.shorten.names import NAMES

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Renaming(ast.NodeTransformer):
    """One source. own: {name: the other}.  keywords: arguments that some call names.

    free: what arguments are called.
    """

    def __init__(self, own: Mapping[str, str], keywords: set[str], free: Sequence[str]) -> None:
        self._own = own
        self._keywords = keywords
        self._free = free
        self._scopes: list[dict[str, str]] = []

    def _other(self, name: str) -> str:
        """What a variable is called here."""
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return self._own.get(name, name)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """Whatever holds an identifier."""
        for field in NAMES:
            value = getattr(node, field, None)
            if isinstance(value, str):
                other = self._own.get(value, value) if field == "attr" else self._other(value)
                setattr(node, field, other)
        return super().generic_visit(node)

    def _arguments(self, function: Function) -> dict[str, str]:
        """{argument: the other}, or the same where a call may name it."""
        given = function.args
        every = [item.arg for item in _positional(given)]
        kept = self._keywords | _bound(function) | {"self"}
        if given.kwarg or given.kwonlyargs:
            kept = set(every)
        begun = sum(len(scope) for scope in self._scopes)
        others = iter(self._free[begun:])
        return {name: name if name in kept else next(others) for name in every}

    def _function(self, node: Function) -> ast.AST:
        """Decorators and defaults belong to the scope around the function, its body to its own."""
        if not isinstance(node, ast.Lambda):
            node.name = self._other(node.name)
            node.returns = None
            node.decorator_list = [self.visit(item) for item in node.decorator_list]
        node.args.defaults = [self.visit(item) for item in node.args.defaults]
        self._scopes.append(self._arguments(node))
        for item in _positional(node.args):
            item.arg = self._other(item.arg)
            item.annotation = None
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [kept for item in node.body if (kept := self.visit(item))] or [ast.Pass()]
        self._scopes.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _function  # noqa: N815

    def visit_alias(self, node: ast.alias) -> ast.AST:
        """What is imported keeps its name, unless it is private to some files."""
        node.name = self._own.get(node.name, node.name)
        if node.asname:
            node.asname = self._other(node.asname)
        return node

    def visit_Global(self, node: ast.Global) -> ast.AST:
        """Names of the module."""
        node.names = [self._other(name) for name in node.names]
        return node

    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        """Names of a function around this one."""
        node.names = [self._other(name) for name in node.names]
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        """The value without the annotation; nothing where there is no value."""
        if node.value is None:
            return None
        return self.visit(ast.Assign([node.target], node.value))

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Nothing of what the type checker alone reads."""
        checked = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        return None if checked else self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """As for `if`."""
        target = node.targets[0]
        checked = isinstance(target, ast.Name) and target.id == "TYPE_CHECKING"
        return None if checked else self.generic_visit(node)


def _bound(function: Function) -> set[str]:
    """Names that an import, a definition or an exception handler binds in a function."""
    found: set[str] = set()
    for item in ast.walk(function):
        if isinstance(item, ast.alias):
            found.add(item.asname or item.name)
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ExceptHandler):
            found.add(item.name or "")
    return found


def _positional(given: ast.arguments) -> list[ast.arg]:
    return [*given.posonlyargs, *given.args, *([given.vararg] if given.vararg else [])]
