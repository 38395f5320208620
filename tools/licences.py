"""`python -m tools.licences`: does the licence of every locked package let anyone run the product?

Exit code 1 names each package whose licence is not among `ALLOWED`, or that says none.
"""

import re
import sys

from tools.locked import Package, packages

ALLOWED = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "EPL-2.0", "ISC",
    "LGPL-3.0-only", "MIT", "MIT-0", "MPL-2.0", "PSF-2.0", "Unlicense", "Zlib",
})  # fmt: skip
"""SPDX. The LGPL is psycopg's, which anyone can replace in an installation: that is its demand."""


def allowed(licence: str) -> bool:
    """Whether an SPDX expression can be met: of an OR one side, of an AND all, WITH is refused."""
    if not licence or " WITH " in licence:
        return False
    bare = re.sub(r"[()]", " ", licence)
    if bare != licence and " OR " in bare and " AND " in bare:
        return False  # none of ours is as deep: a person reads it
    sides = re.split(r"\s+OR\s+", bare)
    return any(all(one.strip() in ALLOWED for one in side.split(" AND ")) for side in sides)


def refused(found: list[Package]) -> list[str]:
    """A sentence for each package that nobody agreed to."""
    return [
        f"{one.name} {one.version}: {one.licence or 'it says no licence'}; read it, and add it to "
        "tools/licences.py, or take another package"
        for one in found
        if not allowed(one.licence)
    ]


def main() -> int:
    """Run from the command line."""
    found = packages()
    wrong = refused(found)
    for line in wrong:
        print(line)
    print(f"licences: {len(found)} packages, {len(wrong)} refused")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
