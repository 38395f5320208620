"""`python -m tools.technician`."""

import argparse
import sys
from pathlib import Path

from tools.setup.paths import ROOT
from tools.technician.page import PageError, languages, pdf


def main(arguments: list[str] | None = None) -> int:
    """Write one PDF a language; 0 when all fit."""
    parser = argparse.ArgumentParser(
        prog="tools.technician", description="Write the technician's page, a PDF a language."
    )
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="FOLDER")
    folder = parser.parse_args(arguments).output
    try:
        files = {folder / f"technician-{name}.pdf": pdf(name) for name in languages()}
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            path.write_bytes(data)
            print(path)
    except PageError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{folder} cannot be written ({error.strerror}): give --output.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
