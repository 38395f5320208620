"""The rate cap of the log."""

import json
import logging
import subprocess
import sys

from gateway.logs import BURST, MOST_TEXTS, Cap

FLOOD = """
import structlog
from gateway import logs

logs.configure("info", "json")
log = structlog.get_logger("flood")
for number in range(10_000):
    log.warning("it failed", number=number)
log.warning("another")
"""


def record(text, name="a"):
    return logging.LogRecord(name, logging.INFO, "", 0, text, (), None)


def test_a_text_that_comes_too_often_is_left_out_and_counted():
    now = [0.0]
    cap = Cap(lambda: now[0])
    first = [cap.filter(record({"event": "it failed", "n": n})) for n in range(1000)]
    now[0] = 3.0
    later = record({"event": "it failed"})
    plain = [cap.filter(record("plain %d")) for _ in range(BURST + 1)]
    now[0] = 5.0
    last = record("plain %d")

    assert (sum(first), first[0], first[-1]) == (BURST, True, False)
    assert cap.filter(later)
    assert later.msg == {"event": "it failed", "left_out": 1000 - BURST}
    assert plain == [True] * BURST + [False]
    assert cap.filter(last)
    assert last.msg == "plain %d (left_out=1)"
    assert cap.left_out == 1000 - BURST + 1


def test_one_text_costs_no_other_its_line_and_texts_are_bounded():
    cap = Cap(lambda: 0.0)
    for _ in range(200):
        cap.filter(record("loud"))

    assert cap.filter(record("quiet"))
    assert cap.filter(record("loud", name="b"))
    assert sum(cap.filter(record(f"number {n}")) for n in range(10_000)) < MOST_TEXTS + BURST
    assert len(cap._texts) <= MOST_TEXTS + 1


def test_ten_thousand_lines_of_the_service_are_some_fifty(request):
    done = subprocess.run(
        [sys.executable, "-c", FLOOD], cwd=request.config.rootpath, timeout=50, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stderr.splitlines()]

    assert BURST <= len(lines) - 1 <= BURST + 10
    assert lines[-1]["event"] == "another"
