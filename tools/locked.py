"""The packages that the locks name: version, hashes, licence, and whether a gateway needs them.

Python's are in `requirements*.txt`, with the licence that the installed package says; Node's in
`package-lock.json` files, which hold all three.
"""

import base64
import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from msgspec import Struct

from tools.setup.paths import ROOT

RUNTIME = "requirements.txt"
LOCKS = (RUNTIME, "requirements-dev.txt", "requirements-build.txt")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^ \\]+)", re.MULTILINE)
SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")
BY_HAND = {"colorama": "BSD-3-Clause", "littlefs-python": "BSD-3-Clause", "quickjs-ng": "MIT"}
"""Of packages whose metadata name none: as in the LICENSE file that each installs, or as its
source says (colorama, which only Windows gets)."""
SPOKEN = {
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause",
    "3-clause bsd license": "BSD-3-Clause",
    "mit license": "MIT",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "python software foundation license": "PSF-2.0",
}
"""SPDX identifiers of what packages write instead."""


class Package(Struct, frozen=True, order=True):
    """One package. ecosystem: of its package URL. hashes: (algorithm, hex) of each file of it.

    licence: an SPDX expression, or what the package says where that is none; empty: it says none.
    runtime: a gateway runs with it; the others build and test.
    """

    ecosystem: str
    name: str
    version: str
    licence: str
    hashes: tuple[tuple[str, str], ...]
    runtime: bool


def packages(root: Path = ROOT) -> list[Package]:
    """All of them, each once. Raises OSError, and PackageNotFoundError before the set-up."""
    found: dict[tuple[str, str, str], Package] = {}
    for lock in LOCKS:
        for one in _python((root / lock).read_text(), runtime=lock == RUNTIME):
            found.setdefault((one.ecosystem, one.name, one.version), one)
    for lock in sorted((root / "tools").rglob("package-lock.json")):
        if "node_modules" not in lock.parts:
            for one in _node(lock.read_text()):
                found.setdefault((one.ecosystem, one.name, one.version), one)
    return sorted(found.values())


def _python(text: str, *, runtime: bool) -> Iterator[Package]:
    starts = list(PINNED.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    for start, end in zip(starts, ends, strict=True):
        name, version = start.groups()
        hashes = tuple(("SHA-256", one) for one in SHA256.findall(text[start.start() : end]))
        yield Package("pypi", name.lower(), version, licence(name), hashes, runtime)


def licence(name: str) -> str:
    """What an installed Python package says of its licence, as SPDX where that is known."""
    if name.lower() in BY_HAND:
        return BY_HAND[name.lower()]
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if "License-Expression" in about:
        return about["License-Expression"]
    classifiers: list[str] = [
        one.rsplit(" :: ", 1)[-1]
        for one in about.get_all("Classifier") or ()
        if one.startswith("License :: OSI Approved :: ")
    ]
    said = about["License"].strip() if "License" in about else ""
    for one in (*classifiers, said):
        if one.lower() in SPOKEN:
            return SPOKEN[one.lower()]
    return said.splitlines()[0] if said else ""


def _node(text: str) -> Iterator[Package]:
    for path, one in json.loads(text)["packages"].items():
        if path:
            name = path.rpartition("node_modules/")[2]
            algorithm, _, digest = one["integrity"].partition("-")
            hashes = ((f"SHA-{algorithm[3:]}", base64.b64decode(digest).hex()),)
            yield Package("npm", name, one["version"], one.get("license", ""), hashes, False)
