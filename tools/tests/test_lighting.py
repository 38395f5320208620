"""The lamp's policy on recorded winter nights, from a cold start."""

import csv
import subprocess
import sys
from itertools import pairwise
from random import Random

import pytest
from judgement import lighting
from judgement.lighting import Careful, Policy

from tools.bench.city.recorded import DATA

FLOOR, IDLE = 70, 20
STAY_S = 21
NIGHT = range(7, 21)
"""Hours of UTC between sunset and sunrise of Melbourne in August (17:00 to 7:00 local)."""
LOCAL_H = 10


def counts(sensor: int, month: str) -> list[list[int]]:
    with (DATA / "melbourne_counts_4.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [
        [int(count) for count in row[2:]]
        for row in rows
        if row[0] == str(sensor) and row[1].startswith(month)
    ]


def arrivals(draw: Random, begin: int, people: int) -> list[int]:
    """Seconds at which groups come: Poisson; 1.6 people a group."""
    found: list[int] = []
    at = float(begin)
    while people:
        at += draw.expovariate(people / 1.6 / 3600)
        if at >= begin + 3600:
            break
        found.append(int(at))
    return found


def people(draw: Random, days: list[list[int]]) -> tuple[bytearray, dict[int, bool]]:
    """(is somebody present?, the policy's calls: minutes, edges and ends of stays), by second.

    The sensor misses 3 of 100 groups.
    """
    present = bytearray(len(days) * 86400 + STAY_S)
    edges: list[int] = []
    for number, count in enumerate(count for hours in days for count in hours):
        for first in arrivals(draw, number * 3600, count):
            present[first : first + STAY_S] = b"\1" * STAY_S
            if draw.random() > 0.03:
                edges += [first, first + 2, first + 5, first + 7]
    calls = dict.fromkeys(range(0, len(days) * 86400, 60), False)
    calls.update(dict.fromkeys((at + 14 for at in edges), False))
    calls.update(dict.fromkeys(edges, True))
    return present, calls


def nights(policy: Policy, days: list[list[int]]) -> tuple[float, float]:
    """(share of the night at idle, share of presence under the floor) over all days."""
    total = len(days) * 86400
    present, calls = people(Random(1), days)
    night = (bytes(3600 * NIGHT.start) + b"\1" * 3600 * len(NIGHT)).ljust(86400, b"\0") * len(days)
    floor = bytearray(total)
    for at, until in pairwise([*sorted(at for at in calls if at < total), total]):
        minute = at // 60 + LOCAL_H * 60
        weekday = minute // 1440 % 7
        if policy.step(at, minute % 1440, weekday, bool(night[at]), calls[at]) == FLOOR:
            floor[at:until] = b"\1" * (until - at)
    shown = [int.from_bytes(one[:total], "little") for one in (night, present, floor)]
    stays = shown[0] & shown[1]
    under = stays & shown[1] << 8 & shown[1] << 16 & ~shown[2]
    lit = (shown[0] & shown[2]).bit_count()
    return 1 - lit / sum(night), under.bit_count() / stays.bit_count()


@pytest.mark.parametrize(
    ("kind", "idle", "under"), [(Policy, 0.67, 0.0105), (Careful, 0.64, 0.0085)]
)
def test_two_winter_weeks_from_a_cold_start(kind: type[Policy], idle: float, under: float):
    """67 % of the night at idle, the rest at the floor, save 63 % of full light."""
    found = nights(kind(FLOOR, IDLE), counts(4, "2015-08")[:14])

    assert found[0] >= idle
    assert found[1] <= under


def test_a_score_may_load_the_policy_as_a_file_alone(tmp_path):
    """From any folder, without a path to the project."""
    story = (
        "import runpy, sys\n"
        "kind = runpy.run_path(sys.argv[1])['Policy']\n"
        "print(kind(70, 20).step(0, 60, 0, True, True))\n"
    )
    command = [sys.executable, "-I", "-c", story, str(lighting.__file__)]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("70\n", "")
