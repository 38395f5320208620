"""A table with a longer reading: the node's journal and its uplinks follow one number."""

import re
import subprocess
from pathlib import Path

import pytest

from tools.setup.paths import MICROPYTHON_UNIX, ROOT

FIRMWARE = ROOT / "firmware"
JOURNAL = """
from node.journal import RECORD_SIZE, TAIL_RECORDS, Journal
from node.record import READING_SIZE
from node.store import Store

def journal():
    return Journal(Store("state"), "journal")

one = journal()
made = [bytes([at]) * READING_SIZE for at in range(200)]
for data in made:
    one.add(1, 2, 3, 10, data)
again = journal()
seen = []
while again.waiting():
    batch = again.batch(5)
    seen += [record.data for record in batch]
    again.sent(batch)
    again.acked()
print(RECORD_SIZE, TAIL_RECORDS, seen == made, again.torn, again.dropped)
"""


def run(folder: Path, reading_size: int) -> str:
    """What the script prints on a firmware whose longest reading has this size."""
    for name in (
        "unload",
        "node/__init__",
        "node/errors",
        "node/store",
        "node/journal",
        "node/segments",
    ):
        target = folder / "lib" / f"{name}.py"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((FIRMWARE / f"{name}.py").read_text())
    text = (FIRMWARE / "node" / "record.py").read_text()
    changed = re.sub(r"READING_SIZE = const\(\d+\)", f"READING_SIZE = const({reading_size})", text)
    (folder / "lib" / "node" / "record.py").write_text(changed)
    script = f"import sys\nsys.path.insert(0, {str(folder / 'lib')!r})\n{JOURNAL}"
    done = subprocess.run(
        [str(MICROPYTHON_UNIX), "-c", script], cwd=folder, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("reading_size", "record_size", "tail"),
    [(10, 32, 14), (14, 32, 14), (15, 33, 13), (40, 58, 7)],
)
def test_records_and_tail_follow_the_longest_reading(tmp_path, reading_size, record_size, tail):
    assert run(tmp_path, reading_size) == f"{record_size} {tail} True 0 0"
