"""What the crew ticked: a bin was emptied. That is the truth, whatever a sensor said."""

import csv
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.errors import Refused
from gateway.forecast import bins, table


def add(folder: Path, at: datetime, ticks: Sequence[tuple[str, float]]) -> int:
    """Append collections to the history's `bins.csv`, on the disk before this returns.

    ticks: (bin_id, fill found in it, 0 to 100).  The same bin and time again is written once.
    Returns how many were new.  Raises Refused: a bin the history does not know is a misspelt one.
    """
    path = folder / bins.FILE
    known = bins.read(path).collections
    streets = {one.bin_id: one.street for one in known}
    unknown = [bin_id for bin_id, _ in ticks if bin_id not in streets]
    if unknown:
        raise Refused(
            f"no collection of {', '.join(unknown)} is in {path}: who ticked it corrects the "
            "number, or the first collection of a new bin is written there by hand",
            "bin",
        )
    done = {(one.bin_id, one.at) for one in known}
    new = [(bin_id, fill) for bin_id, fill in ticks if (bin_id, at) not in done]
    text = path.read_text(encoding="utf-8-sig")
    columns = next(csv.reader([text.partition("\n")[0].rstrip("\r")]))
    with path.open("a", encoding="utf-8", newline="") as file:
        if not text.endswith("\n"):
            file.write("\n")
        out = csv.DictWriter(file, columns, restval="", lineterminator="\n", extrasaction="ignore")
        for bin_id, fill in new:
            out.writerow({
                "bin_id": bin_id, bins.TIME: at.isoformat(), "fill_before_pct": f"{fill:g}",
                "fill_after_pct": "0", "address": streets[bin_id],
            })  # fmt: skip
        file.flush()
        os.fsync(file.fileno())
    return len(new)


def parse(text: str) -> tuple[str, float]:
    """`BIN=FILL`. Raises Refused."""
    bin_id, _, fill = text.rpartition("=")
    if not bin_id:
        raise Refused(f"{text!r} is not BIN=FILL, such as 325143=80", "bin")
    try:
        return bin_id, table.number({"fill": fill}, "fill", 0.0, 100.0)
    except ValueError as error:
        raise Refused(str(error), "bin") from None
