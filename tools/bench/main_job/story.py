"""The log of a street for a person at the terminal: one line per fact, as it happens."""

from __future__ import annotations

import json
import sys
import time
from typing import Any, TextIO

COLOURS = {
    "bin": 33,
    "lamp": 93,
    "counter": 36,
    "backend": 32,
    "command": 35,
    "street": 90,
    "error": 31,
}


class Story:
    """Writes lines `seconds  who  what`, or one JSON object a line with `as_json`.

    Colours are used only on a terminal. The seconds are the wall clock's, since construction.
    """

    def __init__(self, out: TextIO = sys.stdout, *, as_json: bool = False) -> None:
        self._out = out
        self._json = as_json
        self._colour = out.isatty() and not as_json
        self._start = time.monotonic()

    def seconds(self) -> float:
        """Since construction, on the wall clock."""
        return round(time.monotonic() - self._start, 3)

    def tell(self, who: str, what: str, **facts: Any) -> None:
        """One line. `facts` go into the JSON form only; the sentence must say what matters."""
        seconds = self.seconds()
        if self._json:
            line = json.dumps({"t_s": seconds, "who": who, "what": what, **facts})
        else:
            name = f"{who:<9}"
            if self._colour:
                name = f"\x1b[{COLOURS.get(who, 0)}m{name}\x1b[0m"
            line = f"{seconds:7.1f} s  {name} {what}"
        print(line, file=self._out, flush=True)
