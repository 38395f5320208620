"""The device's judgement of a parking bay for scores that load one file: `bay.py:Bay`.

Under CPython, from any folder; on a board the same code is `judgement.parking`.
"""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[3] / "firmware"))

from judgement.parking import FREE, OCCUPIED, UNKNOWN, Bay

__all__ = ["FREE", "OCCUPIED", "UNKNOWN", "Bay"]
