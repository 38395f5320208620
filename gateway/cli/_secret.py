"""Writes the file that holds a device's key, before the device is registered with it."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from gateway.errors import Refused


@contextlib.contextmanager
def secret_file(path: Path, text: str) -> Generator[None]:
    """The file exists while inside, readable for its owner alone; an exception removes it.

    A process that is killed inside leaves the file: the only other copy of a key is at the network
    server, which shows it to nobody. Raises Refused, before the inside, for a path that exists or
    cannot be written.
    """
    try:
        create(path, text.encode())
    except FileExistsError:
        raise Refused(
            f"{path} is there already and may hold another unit's key: nothing was registered; "
            "give another path",
            "output",
        ) from None
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def create(path: Path, data: bytes) -> None:
    """Write a new file, for its owner alone, to the disk. Raises OSError; then none is left."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def unwritable(path: Path, error: OSError) -> Refused:
    """What is said of a path that cannot be written, before any registration."""
    said = f"{path} cannot be written: {error.strerror}"
    return Refused(f"{said}: nothing was registered; give another path", "output")
