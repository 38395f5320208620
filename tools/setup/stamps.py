"""What is done already: one stamp a step, holding the key of everything the step was made from."""

import hashlib
import os
from pathlib import Path

from tools.setup.paths import CACHE

STAMPS = CACHE / "stamps"


def key(*parts: str | bytes | Path) -> str:
    """One key for texts and the contents of files; a missing file counts as absent."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            part = part.read_bytes() if part.exists() else b"absent"  # noqa: PLW2901
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


def done(step: str, wanted: str, *products: Path, folder: Path | None = None) -> bool:
    """Whether a step was finished with this key and all that it made is still there."""
    stamp = (folder or STAMPS) / step
    return (
        stamp.exists()
        and stamp.read_text() == wanted
        and all(product.exists() for product in products)
    )


def begin(step: str, *, folder: Path | None = None) -> None:
    """Forget the stamp: from here to `finish` the step's products are not to be trusted."""
    ((folder or STAMPS) / step).unlink(missing_ok=True)


def finish(step: str, made: str, *, folder: Path | None = None) -> None:
    """Write the stamp, whole or not at all."""
    stamp = (folder or STAMPS) / step
    stamp.parent.mkdir(parents=True, exist_ok=True)
    fresh = stamp.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_text(made)
    fresh.replace(stamp)
