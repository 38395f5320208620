"""Every rule over every source file of the tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.architecture import circles, lengths, squeezing
from tools.architecture.sources import Source, sources
from tools.setup.paths import ROOT


@dataclass(frozen=True)
class Violation:
    """One broken rule. paths: relative to the root; the first is where it is reported."""

    paths: tuple[str, ...]
    line: int
    text: str

    def concerns(self, folders: tuple[str, ...]) -> bool:
        """Whether one of its files lies in one of these folders, or is one of these files."""
        return any(path.startswith(folders) for path in self.paths)

    def __str__(self) -> str:
        return f"{self.paths[0]}:{self.line}: {self.text}"


def violations(root: Path = ROOT) -> Iterator[Violation]:
    """All violations below `root`, circles first."""
    files = sources(root)
    for circle in circles.circles(files):
        yield Violation(tuple(circle), 1, f"import circle: {' -> '.join([*circle, circle[0]])}")
    for source in files:
        for line, text in [*_lengths(source), *squeezing.squeezed(source)]:
            yield Violation((source.path,), line, text)


def _lengths(source: Source) -> list[tuple[int, str]]:
    return [*lengths.file_too_long(source), *lengths.functions_too_long(source)]
