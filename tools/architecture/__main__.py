"""Print every violation of the tree's rules; exit code 1 when there is one.

    python -m tools.architecture [PATH ...]

PATH: show only what concerns files below it. The rules stand in `circles.py`, `lengths.py` and
`squeezing.py`.
"""

import sys

from tools.architecture.report import violations


def main() -> int:
    """Print violations as `path:line: sentence`."""
    wanted = tuple(sys.argv[1:])
    found = [str(one) for one in violations() if not wanted or one.concerns(wanted)]
    for line in found:
        print(line)
    print(f"architecture: {len(found)} violations" if found else "architecture: no violation")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
