"""`python -m gateway`: the command `lamplighter`, also from a checkout (wire is in firmware/)."""

import sys
from importlib.util import find_spec
from pathlib import Path

if find_spec("wire") is None:
    sys.path.insert(1, str(Path(__file__).resolve().parents[1] / "firmware"))

from gateway.cli import main

main(prog_name="lamplighter")
