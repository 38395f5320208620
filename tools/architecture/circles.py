"""Import circles: files that cannot be understood, tested or loaded without each other.

Every import statement counts: one inside a function, or under TYPE_CHECKING, hides a circle from
the interpreter and not from the reader. What a registry loads by a computed name does not count.
"""

import ast
import posixpath
import re
from collections.abc import Iterator

from tools.architecture.sources import Source

MJS_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*['"](\.[^'"]+)['"]""")

Graph = dict[str, set[str]]
"""{path: paths that it imports}."""


def circles(files: list[Source]) -> list[list[str]]:
    """The circles, each as the paths of one shortest way round."""
    graph = imports(files)
    return [_way_round(graph, group) for group in _groups(graph) if _is_circle(graph, group)]


def imports(files: list[Source]) -> Graph:
    """Who imports whom, within these files."""
    modules = {file.module: file.path for file in files if file.is_python}
    paths = {file.path for file in files}
    graph: Graph = {}
    for file in files:
        if file.is_python:
            graph[file.path] = {modules[name] for name in _python(file, set(modules))}
        else:
            graph[file.path] = set(_javascript(file)) & paths
    return graph


def _python(file: Source, modules: set[str]) -> Iterator[str]:
    for node in ast.walk(file.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            package = _package(file, node)
            for alias in node.names:
                one = f"{package}.{alias.name}"
                if one in modules:
                    yield one
                elif package in modules:
                    yield package


def _package(file: Source, node: ast.ImportFrom) -> str:
    """The absolute name of what `from ... import` names."""
    if not node.level:
        return node.module or ""
    parts = file.module.split(".")
    is_package = file.path.endswith("__init__.py")
    parts = parts[: len(parts) - node.level + is_package]
    return ".".join([*parts, node.module] if node.module else parts)


def _javascript(file: Source) -> Iterator[str]:
    folder = posixpath.dirname(file.path)
    for target in MJS_IMPORT.findall(file.text):
        yield posixpath.normpath(posixpath.join(folder, target))


def _is_circle(graph: Graph, group: list[str]) -> bool:
    return len(group) > 1 or group[0] in graph[group[0]]


def _groups(graph: Graph) -> list[list[str]]:
    """Strongly connected files: each reaches each other one of its group."""
    reach = {path: _reached(graph, path) for path in graph}
    groups: list[list[str]] = []
    done: set[str] = set()
    for path in sorted(graph):
        if path not in done:
            group = [one for one in sorted(reach[path]) if path in reach[one]]
            groups.append(group or [path])
            done.update(groups[-1])
    return groups


def _reached(graph: Graph, start: str) -> set[str]:
    found: set[str] = set()
    ahead = [start]
    while ahead:
        for path in graph[ahead.pop()] - found:
            found.add(path)
            ahead.append(path)
    return found


def _way_round(graph: Graph, group: list[str]) -> list[str]:
    """The shortest way from the group's first file back to it."""
    start = group[0]
    ways = [[start]]
    seen: set[str] = set()
    for way in ways:  # grows while it is walked: breadth first
        for path in sorted(graph[way[-1]] & set(group)):
            if path == start:
                return way
            if path not in seen:
                seen.add(path)
                ways.append([*way, path])
    return group
