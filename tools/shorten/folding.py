"""Named whole numbers become the numbers, in the file that names them and in those that import it.

`from micropython import const` costs 17 bytes in each .mpy, and the compiler reads `const` without
it; a number that another file names costs an import, its name and a look-up at each use. A name
that something may look up by its text keeps its definition.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

Named = dict[str, int]
_SIGNS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.LShift: lambda left, right: left << right,
    ast.BitOr: lambda left, right: left | right,
}


def named(tree: ast.Module) -> Named:
    """{name: number} of what a module names once and never binds again."""
    found: Named = {}
    for item in tree.body:
        match item:
            case ast.Assign([ast.Name(name)], value):
                number = _number(value, found)
                if number is not None:
                    found[name] = number
            case ast.Assign([ast.Tuple(targets)], ast.Call(ast.Name("range"), [ast.Constant()])):
                for number, target in enumerate(targets):
                    if isinstance(target, ast.Name):
                        found[target.id] = number
            case _:
                pass
    bound = Counter(_bound(tree))
    return {name: number for name, number in found.items() if bound[name] == 1}


def _number(value: ast.expr, found: Named) -> int | None:
    """What an expression of numbers, `const` and names of numbers is; None for any other."""
    number: int | None = None
    match value:
        case ast.Constant(int() as constant) if not isinstance(constant, bool):
            number = constant
        case ast.Name(name):
            number = found.get(name)
        case ast.Call(ast.Name("const"), [inner]):
            number = _number(inner, found)
        case ast.UnaryOp(ast.USub(), inner):
            positive = _number(inner, found)
            number = None if positive is None else -positive
        case ast.BinOp(left, sign, right) if type(sign) in _SIGNS:
            first, second = _number(left, found), _number(right, found)
            if first is not None and second is not None:
                number = _SIGNS[type(sign)](first, second)
        case _:
            pass
    return number


def _bound(tree: ast.Module) -> Iterable[str]:
    for item in ast.walk(tree):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
            yield item.id
        elif isinstance(item, ast.arg):
            yield item.arg
        elif isinstance(item, ast.alias):
            yield item.asname or item.name
        elif isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield item.name
        elif isinstance(item, ast.Global):
            yield from item.names


class Folding:
    """The numbers of one install.

    sources: {module, as `node.app`: text}.  kept: names whose definitions stay.
    """

    def __init__(self, sources: Mapping[str, str], kept: Iterable[str]) -> None:
        trees = {module: ast.parse(text) for module, text in sources.items()}
        self._modules = {module: named(tree) for module, tree in trees.items()}
        for module, tree in trees.items():
            self._modules[module] |= self._passed_on(tree)
        self._needed = set(kept)
        needed: set[str] = set()
        for text in sources.values():
            needed |= _mentioned(self._uses(ast.parse(text)))
        self._needed |= needed

    def _passed_on(self, tree: ast.Module) -> Named:
        """Numbers that a module imports, and others may import from it."""
        return {
            alias.name: self._modules[item.module][alias.name]
            for item in tree.body
            if isinstance(item, ast.ImportFrom) and item.module in self._modules
            for alias in item.names
            if alias.name in self._modules[item.module] and not alias.asname
        }

    def _uses(self, tree: ast.Module) -> ast.Module:
        return _Uses(tree, self._modules).visit(tree)

    def tree(self, text: str) -> ast.Module:
        """The syntax tree of a source with numbers for names, without what nobody needs then."""
        tree = ast.parse(text)
        gone = named(tree).keys() - self._needed
        tree = self._uses(tree)
        tree.body = [item for item in tree.body if not _defines(item, gone)]
        left = _mentioned(tree, {"const"})
        return _Bare("const" in left).visit(tree)


def _defines(item: ast.stmt, names: Iterable[str]) -> bool:
    """Is it the definition of these alone?"""
    if not isinstance(item, ast.Assign):
        return False
    target = item.targets[0]
    targets = target.elts if isinstance(target, ast.Tuple) else [target]
    return all(isinstance(one, ast.Name) and one.id in names for one in targets)


def _mentioned(tree: ast.AST, imports: Iterable[str] = ()) -> set[str]:
    """Names that are read, attributes, what is imported but for `imports`, and all texts."""
    found: set[str] = set()
    for item in ast.walk(tree):
        if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load):
            found.add(item.id)
        elif isinstance(item, ast.Attribute):
            found.add(item.attr)
        elif isinstance(item, ast.alias) and item.name not in imports:
            found.add(item.name)
        elif isinstance(item, ast.Constant) and isinstance(item.value, str):
            found.add(item.value)
    return found


class _Uses(ast.NodeTransformer):
    """Replaces uses. modules: {module: its numbers}."""

    def __init__(self, tree: ast.Module, modules: Mapping[str, Named]) -> None:
        self._own = named(tree)
        self._of: dict[str, Named] = {}  # a module's name in this file: its numbers
        self._modules = modules
        bound = Counter(_bound(tree))
        for item in ast.walk(tree):
            if isinstance(item, ast.ImportFrom):
                self._take(item, bound)

    def _take(self, item: ast.ImportFrom, bound: Mapping[str, int]) -> None:
        numbers = self._modules.get(item.module or "", {})
        for alias in item.names:
            name = alias.asname or alias.name
            if alias.name in numbers and not alias.asname and bound[name] == 1:
                self._own[name] = numbers[alias.name]
            elif others := self._modules.get(f"{item.module}.{alias.name}"):
                self._of[name] = others

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Without the numbers."""
        numbers = self._modules.get(node.module or "", {})
        node.names = [
            alias
            for alias in node.names
            if alias.asname or alias.name not in numbers or alias.name not in self._own
        ]
        return node if node.names else None

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A number where it is read."""
        if isinstance(node.ctx, ast.Load) and node.id in self._own:
            return _written(self._own[node.id])
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """A number of another module."""
        if isinstance(node.value, ast.Name) and isinstance(node.ctx, ast.Load):
            number = self._of.get(node.value.id, {}).get(node.attr)
            if number is not None:
                return _written(number)
        return self.generic_visit(node)


def _written(number: int) -> ast.expr:
    if number < 0:
        return ast.UnaryOp(ast.USub(), ast.Constant(-number))
    return ast.Constant(number)


class _Bare(ast.NodeTransformer):
    """Without the import of `const`. used: is it called for something that is no number?"""

    def __init__(self, used: bool) -> None:
        self._used = used

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        """Its other names."""
        if not self._used:
            node.names = [alias for alias in node.names if alias.name != "const"]
        return node if node.names else None
