"""Writes the folder with the keys of a list of devices, before any of them is registered."""

import contextlib
import os
import shutil
from collections.abc import Generator, Mapping
from pathlib import Path

from gateway.cli._secret import create, unwritable
from gateway.errors import Broken, Refused


@contextlib.contextmanager
def secret_folder(path: Path, files: Mapping[str, bytes]) -> Generator[None]:
    """The folder exists while inside, for its owner alone; an exception removes it.

    But Broken, after which some of the devices are registered. Raises Refused, before the inside,
    for a path that exists or cannot be written.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        raise Refused(
            f"{path} is there already and may hold other units' keys: nothing was registered; "
            "give another path",
            "output",
        ) from None
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        _fill(path, files)
        yield
    except Broken:
        raise
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


def _fill(path: Path, files: Mapping[str, bytes]) -> None:
    try:
        for name, data in files.items():
            create(path / name, data)
        folder = os.open(path, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    except OSError as error:
        raise unwritable(path, error) from None


def fill(path: Path, files: Mapping[str, bytes]) -> None:
    """Write files, for their owner alone, into a folder that may be there.

    Raises Refused before anything is written where one of them is there, or it cannot be written.
    """
    for name in files:
        if (path / name).exists():
            raise Refused(f"{path / name} is there already and is kept: give another folder")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from None
    _fill(path, files)
