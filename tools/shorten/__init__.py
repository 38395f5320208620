"""Names of the device's code, replaced by shorter ones before compilation.

MicroPython keeps every name of a module in the heap, also when the module is unloaded: a name and
its entry take about 16 bytes, and the 1100 names of a lamp took 18 of its 91 kB; in a .mpy they
were more than a quarter. So what the firmware itself defines gets another name: one that
MicroPython's binary has anyway and that costs nothing, in each file the same, where only one file
mentions it, or the most do; else two letters. Names of MicroPython and of modules keep theirs, and
so does what is looked up by a text: in a file that calls `getattr` or its like, every text keeps
its name. Named numbers and locks go before that, see `folding` and `locks`.
Tracebacks show the other names: `Plan.readable` gives those of the source.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from keyword import iskeyword
from string import ascii_letters

from tools.shorten import names
from tools.shorten.built_in import NAMED, NUMBERED
from tools.shorten.folding import Folding
from tools.shorten.locks import Locks
from tools.shorten.locks import names as lock_names
from tools.shorten.renaming import Renaming
from tools.shorten.sharing import Sharing

_FRAME = re.compile(r'File "([^"]+)", (.*)in (\S+)')


class Plan:
    """How the sources of one install are renamed.

    sources: {module, as `node.app`: text}.  kept: names of MicroPython, and of board files.
    """

    def __init__(self, sources: Mapping[str, str], kept: Iterable[str]) -> None:
        trees = [ast.parse(text) for text in sources.values()]
        looked_up = chain.from_iterable(names.File(tree).looked_up for tree in trees)
        self._folding = Folding(sources, {*kept, *looked_up})
        self._locks = Locks(lock_names(trees))
        self._files = {module: names.File(self._tree(text)) for module, text in sources.items()}
        self._modules = {text: module for module, text in sources.items()}
        files = self._files.values()
        self._mentions = Counter(chain.from_iterable(file.mentioned for file in files))
        self._keywords = set(chain.from_iterable(file.keywords for file in files))
        self._last = {module.rpartition(".")[2] for module in sources}
        imported = set(chain.from_iterable(file.imported for file in files))
        self._kept = {*kept, *(name.rpartition(".")[2] for name in imported & set(sources))}
        self._texts = set(chain.from_iterable(file.looked_up for file in files))
        self._kept |= self._texts
        self._prefixes = tuple(text for text in self._texts if names.is_private(text))
        self._sharing = Sharing(self._files)
        self._shared = self._share()
        self._called = dict(zip(sorted(sources), _then_made(NUMBERED), strict=False))
        self._shortened: dict[str, str] = {}

    def _tree(self, text: str) -> ast.Module:
        """A source without what need not be on a board."""
        return ast.fix_missing_locations(self._locks.visit(self._folding.tree(text)))

    def _share(self) -> dict[str, str]:
        """The names that more than one file must call the same."""
        files = self._files.values()
        several = {name for file in files for name in file.bound if self._mentions[name] > 1}
        several = {name for name in several if not names.is_private(name)}
        foreign = set(chain.from_iterable(file.foreign for file in files))
        several |= {name for name in foreign if self._mentions[name] > 1}
        # a class and its base in another file name attributes of one object
        several |= {name for file in files if file.bases for name in file.bound}
        often = sorted(several, key=lambda name: (-self._mentions[name], name))
        letters = chain(ascii_letters, map("".join, product(ascii_letters, repeat=2)))
        free = (name for name in (*NAMED, *letters) if self._is_free(name))
        numbered = [name for name in NUMBERED if name not in self._texts]
        others = [*numbered, *sorted(dict.fromkeys(free), key=len)]
        return self._sharing.assign([name for name in often if self._may_go(name)], others)

    def _is_free(self, name: str) -> bool:
        return not (name in self._mentions or name in self._texts or iskeyword(name))

    def _may_go(self, name: str) -> bool:
        """Does neither MicroPython nor a text, like that of `getattr`, need the name?

        The class of a driver is found by the name of its file, in capitals.
        """
        file = name.isupper() and name.lower() in self._last
        return not (file or name in self._kept or name.startswith(("__", *self._prefixes)))

    def _renaming(self, file: names.File, module: str) -> tuple[dict[str, str], list[str]]:
        """({name: the other}, names for arguments) of a source; module "": of no install."""
        taken = self._sharing.taken(module) if module else {*self._shared.values()}
        taken |= file.mentioned
        free = _then_made(name for name in NUMBERED if name not in taken)
        own = sorted(file.bound - file.constants - set(self._shared))
        found = {name: next(free) for name in own if self._may_go(name)}
        found |= {name: self._shared[name] for name in file.mentioned if name in self._shared}
        return found, [next(free) for _ in range(64)]

    def short(self, text: str) -> str:
        """The source that is compiled; a text that was asked for before takes no time."""
        if text not in self._shortened:
            file = names.File(self._tree(text))
            found, free = self._renaming(file, self._modules.get(text, ""))
            renamed = Renaming(found, self._keywords, free).visit(file.tree)
            self._shortened[text] = ast.unparse(ast.fix_missing_locations(renamed)) + "\n"
        return self._shortened[text]

    def called(self, module: str) -> str:
        """What a traceback calls a module: a name that a .mpy has by number, each another."""
        return self._called.get(module, module)

    def renamed(self, module: str) -> dict[str, str]:
        """{name: the other} of a source; empty for one that is none of the install's."""
        file = self._files.get(module)
        return self._renaming(file, module)[0] if file else {}

    def readable(self, traceback: str) -> str:
        """A traceback that a board printed, with the names of the source."""
        modules = {self.called(module): module for module in self._files}

        def frame(found: re.Match[str]) -> str:
            module = modules.get(found[1], found[1])
            source = {other: name for name, other in self.renamed(module).items()}
            return f'File "{module}", {found[2]}in {source.get(found[3], found[3])}'

        return _FRAME.sub(frame, traceback)


def _then_made(first: Iterable[str]) -> Iterator[str]:
    """These, and when they are used up short names of our own."""
    yield from first
    for length in (1, 2):
        yield from ("_" + "".join(letters) for letters in product(ascii_letters, repeat=length))
