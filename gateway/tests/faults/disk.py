"""What a disk holds after the power is lost: rebuilt from every write and sync of a process.

strace tells what the process asked of the kernel, in order. Of a file, all that was written before
its last fdatasync is there; of what was written since, any part may be, a torn one too. Sectors of
512 bytes are written whole. A created file is there once it was synced (as on ext4 and XFS).
"""

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "trace=pwrite64,write,fdatasync,fsync,ftruncate"
WRITES = ("pwrite64", "write")
WORDS = ("-f", "-y", "-xx", "-s", "1000000", "-e", CALLS)
"""Options of strace: threads too, paths of descriptors, all bytes in hex."""
SECTOR = 512
_LINE = re.compile(
    r"^(?P<pid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>.*|(?P<name>\w+)\((?P<arguments>.*))$"
)
_FAILED = re.compile(r"= -1( E\w+ .*)?$")
_FILE = re.compile(r"^\d+<(?P<path>(?:\\x[0-9a-f]{2})*)>(?:, )?(?P<rest>.*)$")
_DATA = re.compile(r'^"(?P<data>(?:\\x[0-9a-f]{2})*)", \d+(?:, (?P<offset>\d+))?')


@dataclass
class Operation:
    """name: pwrite64, ftruncate. offset: bytes, of ftruncate the new size."""

    name: str
    offset: int
    data: bytes = b""


@dataclass
class File:
    """content: what was synced. pending: what may or may not be there, in order."""

    content: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list)

    def apply(self, one: Operation) -> None:
        """Carry out one operation on the content."""
        if one.name == "ftruncate":
            del self.content[one.offset :]
            return
        end = one.offset + len(one.data)
        self.content.extend(bytes(max(0, end - len(self.content))))
        self.content[one.offset : end] = one.data

    def sync(self) -> None:
        """All that was asked is on the disk."""
        for one in self.pending:
            self.apply(one)
        self.pending.clear()


class Disk:
    """The files whose paths begin with `path`, as the lines of a trace change them."""

    def __init__(self, path: Path) -> None:
        found = path.parent.glob(f"{path.name}*")
        self.files = {one.name: File(bytearray(one.read_bytes())) for one in found}
        self._path = str(path)
        self._unfinished: dict[str, tuple[str, str]] = {}

    def take(self, line: str) -> bytes:
        """Follow one line; returns what was written to a descriptor that is no file of ours."""
        found = _LINE.match(line)
        if not found:
            return b""
        pid, name, arguments = found["pid"], found["name"], found["arguments"]
        if found["resumed"]:
            name, arguments = self._unfinished.pop(pid)
            return b"" if name in WRITES else self._call(name, arguments)
        if arguments.endswith("<unfinished ...>"):
            self._unfinished[pid] = (name, arguments)
            # a write may have an effect at once; a sync has one once it returned
            return self._call(name, arguments) if name in WRITES else b""
        return b"" if _FAILED.search(arguments) else self._call(name, arguments)

    def _call(self, name: str, arguments: str) -> bytes:
        named = _FILE.match(arguments)
        if not named:
            return b""
        path = _bytes(named["path"]).decode()
        data = _DATA.match(named["rest"])
        if not path.startswith(self._path):
            return _bytes(data["data"]) if name == "write" and data else b""
        file = self.files.setdefault(Path(path).name, File())
        if name in ("fdatasync", "fsync"):
            file.sync()
        elif name == "ftruncate":
            file.pending.append(Operation(name, int(named["rest"].split(")")[0])))
        elif name == "pwrite64" and data:
            file.pending.append(Operation(name, int(data["offset"]), _bytes(data["data"])))
        return b""

    def after_power_loss(self, draw: random.Random, folder: Path) -> int:
        """Write what is left to another folder. Returns how many operations were lost or torn."""
        lost = 0
        for name, file in self.files.items():
            left = File(bytearray(file.content))
            for one in file.pending:
                kept = draw.choice((0, 1, 2))
                lost += kept != 2
                if kept == 2 or one.name == "ftruncate":
                    left.apply(one)
                elif kept == 1:
                    sectors = draw.randrange(len(one.data) // SECTOR + 1)
                    left.apply(Operation(one.name, one.offset, one.data[: sectors * SECTOR]))
            (folder / name).write_bytes(left.content)
        return lost


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
