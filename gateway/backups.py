"""Backups: the store as it is at one moment, and the codecs beside it, in one tar file.

A backup holds the secrets of webhooks and the digests of API keys, so it is its owner's alone. The
configuration is not in it. A restored store begins an epoch: its first event is a `restored`
event, whose cursor is a multiple of `gateway.events.EPOCH`, so that consumers see that history
went back and no cursor means two events.
"""

import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.clock import Instant, rfc3339
from gateway.errors import Refused, Retry
from gateway.events import RestoredData
from gateway.store.sqlite import Store, copies

STORE = "store.db"
MANIFEST = "backup.json"
CODECS = "codecs"
MOST_CODEC_BYTES = 1 << 20
_LOGS = ("-wal", "-shm")
_WITH_STORE = ("", *_LOGS)


class Manifest(Struct, frozen=True):
    """What a backup says of itself. cursor: of its newest event."""

    site: str
    at: Instant
    cursor: int


_manifest = msgspec.json.Decoder(Manifest).decode


class Restored(Struct, frozen=True):
    """What was restored. kept: the store that was there before, empty where there was none."""

    site: str
    at: Instant
    epoch: int
    kept: str


def back_up(store: Path, codecs: Path, target: Path, site: str, now_ms: int) -> Manifest:
    """Write a backup into a new file, for its owner alone. Blocks. Raises Refused, Retry."""
    if not store.exists():
        raise Refused(f"there is no store {store} yet: nothing was written")
    if target.exists():
        raise Refused(f"{target} is there already and is kept: give another file")
    try:
        with _beside(target) as folder:
            copied = folder / STORE
            copies.copy(store, copied)
            manifest = Manifest(site, rfc3339(now_ms), copies.check(copied))
            made = folder / "made.tar"
            with made.open("wb") as file:
                os.fchmod(file.fileno(), 0o600)
                _fill(file, manifest, copied, codecs)
                file.flush()
                os.fsync(file.fileno())
            made.rename(target)
            _fsync(target.parent)
    except OSError as error:
        raise Retry(f"{target} cannot be written: {error.strerror or error}") from None
    return manifest


def _fill(file: io.BufferedWriter, manifest: Manifest, store: Path, codecs: Path) -> None:
    with tarfile.open(fileobj=file, mode="w") as tar:
        said = msgspec.json.encode(manifest)
        head = tarfile.TarInfo(MANIFEST)
        head.size = len(said)
        tar.addfile(head, io.BytesIO(said))
        tar.add(store, STORE, filter=_bare)
        for one in sorted(codecs.glob("*.js*")) if codecs.is_dir() else ():
            tar.add(one, f"{CODECS}/{one.name}", filter=_bare)


def _bare(info: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of this machine's users."""
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


async def restore(
    backup: Path, store: Path, codecs: Path, site: str, now_ms: int, *, replace: bool
) -> Restored:
    """Check a backup whole, then put it in the place of the store. No service may run on it.

    At each instant there is a store in that place, whole: the one that was there, then the
    backup's. After a crash the same command does the rest.

    replace: a store that is there is kept under another name, else it is refused.
    """
    _check_free(store, replace=replace)
    for left in store.parent.glob(f".{store.name}-*"):  # by a restore that was killed
        shutil.rmtree(left, ignore_errors=True)
    with _beside(store) as folder:
        manifest = _unpack(backup, folder)
        if manifest.site != site:
            raise Refused(f"the backup is of the site {manifest.site}, this one is {site}")
        copied = folder / STORE
        copies.check(copied)
        data = RestoredData(backup_at=manifest.at, backup_cursor=manifest.cursor)
        async with Store(copied, f"lamplighter/{site}") as opened:
            event = await opened.write(lambda tx: tx.append("restored", "", now_ms, data))
        epoch = copies.begin_epoch(copied, event.id)
        kept = _put_in(folder, store, codecs, now_ms)
    return Restored(site, manifest.at, epoch, kept)


def _unpack(backup: Path, folder: Path) -> Manifest:
    """Its files, each a plain one of a known name. Raises Refused."""
    (folder / CODECS).mkdir()
    try:
        with tarfile.open(backup, mode="r:") as tar:
            for info in tar:
                name = Path(info.name)
                small = name.parent == Path(CODECS) and info.size <= MOST_CODEC_BYTES
                if not info.isfile() or not (info.name in {STORE, MANIFEST} or small):
                    raise Refused(f"{backup} is no backup of ours: it holds {info.name[:80]!r}")
                _copy(tar, info, folder / info.name)
        return _manifest((folder / MANIFEST).read_bytes())
    except (OSError, tarfile.TarError, msgspec.DecodeError) as error:
        raise Refused(f"{backup} is no backup of ours: {error}; name another file") from None


def _copy(tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> None:
    """Its bytes alone: Debian 12's Python has no filters for owners and modes."""
    source = tar.extractfile(info)
    if not source:
        raise tarfile.TarError(f"{info.name} is no plain file")
    with source, target.open("xb") as file:
        shutil.copyfileobj(source, file)
    target.chmod(0o600)


def _check_free(store: Path, *, replace: bool) -> None:
    if store.exists() and not replace:
        raise Refused(f"{store} is there: --replace keeps it under another name")


def _put_in(folder: Path, store: Path, codecs: Path, now_ms: int) -> str:
    """Move store and codecs to their places; returns where a store that was there is kept."""
    kept = _also_named(store, now_ms)
    (folder / STORE).replace(store)
    codecs.mkdir(mode=0o700, exist_ok=True)
    for one in (folder / CODECS).glob("*"):
        one.replace(codecs / one.name)
    _fsync(store.parent)
    return kept


def _also_named(store: Path, now_ms: int) -> str:
    """Give the store that is there a second name, under which it stays when it is replaced.

    Its log goes into it before; that of a damaged store, which nobody can read, is kept beside it.
    """
    if not store.exists():
        return ""
    copies.fold(store)
    kept = store.with_name(f"{store.name}.before-{now_ms // 1000}")
    for ending in _WITH_STORE:
        one = store.with_name(store.name + ending)
        if one.exists():
            _link(one, kept.with_name(kept.name + ending))
    for ending in _LOGS:
        store.with_name(store.name + ending).unlink(missing_ok=True)
    return str(kept)


def _link(one: Path, name: Path) -> None:
    name.unlink(missing_ok=True)  # the name of a restore that was killed in this second
    try:
        name.hardlink_to(one)
    except OSError:  # a file system without
        shutil.copy2(one, name)
        _fsync(name)


@contextmanager
def _beside(path: Path) -> Generator[Path]:
    """A folder on the same disk, for its owner alone; it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as made:
        yield Path(made)


def _fsync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
