"""A file system that is full or fails, for the files below one folder. CPython only.

As littlefs does, a failing write leaves the file as it was when it was opened, or does not
make it. Source: littlefs 2, DESIGN.md; lfs.c, LFS_F_ERRED.
"""

import builtins
import os

EIO, ENOSPC = 5, 28


class _File:
    """A file open for writing."""

    def __init__(self, flash, open_it):
        self._flash = flash
        self._open_it = open_it

    def write(self, data):
        """All of the file at once, as the node does."""
        if len(data) > self._flash.room():
            raise OSError(self._flash.errno, os.strerror(self._flash.errno))
        with self._open_it() as file:
            file.write(data)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass


class Flash:
    """`with Flash(folder) as flash`: then `fill`, `fail` or `mend` it."""

    def __init__(self, folder):
        self._folder = folder
        self._most = None  # bytes that all files may have
        self.errno = 0

    def fill(self, room=0):
        """Let only this many bytes more be written; what is removed makes room."""
        self.errno = ENOSPC
        self._most = self._used() + room

    def fail(self):
        """Let every write fail, and every removal."""
        self.errno = EIO

    def mend(self):
        """All works again."""
        self.errno = 0

    def _used(self):
        return sum(
            os.stat(os.path.join(folder, name)).st_size
            for folder, _, names in os.walk(self._folder)
            for name in names
        )

    def room(self):
        """Bytes that the next write may have."""
        if self.errno == ENOSPC:
            return self._most - self._used()
        return 0 if self.errno else 1 << 30

    def _open(self, path, mode="r", *more, **options):
        if mode[0] in "wa" and str(path).startswith(self._folder):
            return _File(self, lambda: self._real_open(path, mode, *more, **options))
        return self._real_open(path, mode, *more, **options)

    def _changing(self, call):
        def guarded(path, *more):
            if self.errno == EIO and str(path).startswith(self._folder):
                raise OSError(EIO, os.strerror(EIO))
            return call(path, *more)

        return guarded

    def __enter__(self):
        self._real_open = builtins.open
        self._real = os.remove, os.mkdir, os.rename
        builtins.open = self._open
        os.remove, os.mkdir, os.rename = [self._changing(call) for call in self._real]
        return self

    def __exit__(self, *_error):
        builtins.open = self._real_open
        os.remove, os.mkdir, os.rename = self._real
