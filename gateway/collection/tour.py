"""The order of the stops: nearest neighbour, then 2-opt with moves of short stretches.

An own one and not OR-Tools: 350 stops of one truck take it a second, its tours are within some
per cent of the best (a test asks), and OR-Tools is 28 MB of wheel with pandas behind it.

Source: G. Croes, "A method for solving traveling-salesman problems", 1958 (2-opt); I. Or, 1976
(stretches of one to three stops).
"""

from collections.abc import Sequence
from itertools import pairwise
from math import hypot

Spot = tuple[float, float]
DETOUR = 1.35
"""Streets are longer than straight lines by this. Guessed."""
ROUNDS = 20
STRETCH = 3


def order(spots: Sequence[Spot], depot: Spot | None) -> list[int]:
    """Positions in `spots` in the order of the way; without a depot it begins where it likes."""
    if not spots:
        return []
    points = [depot or spots[0], *spots]
    far = [[hypot(a[0] - b[0], a[1] - b[1]) for b in points] for a in points]
    way = _nearest(far)
    for _ in range(ROUNDS):
        if not (_uncross(way, far) | _move(way, far)):
            break
    return [stop - 1 for stop in way[1:-1]]


def km(spots: Sequence[Spot], depot: Spot | None) -> float:
    """Length of the way through spots in this order, from the depot and back if there is one."""
    way = [depot, *spots, depot] if depot else list(spots)
    return sum(
        hypot(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(way)
    ) * DETOUR / 1000  # fmt: skip


def _nearest(far: Sequence[Sequence[float]]) -> list[int]:
    left = set(range(1, len(far)))
    way = [0]
    while left:
        row = far[way[-1]]
        way.append(min(left, key=lambda stop: (row[stop], stop)))
        left.remove(way[-1])
    return [*way, 0]


def _uncross(way: list[int], far: Sequence[Sequence[float]]) -> bool:
    """Turn stretches round where that shortens the way."""
    gained = False
    for first in range(1, len(way) - 2):
        before = far[way[first - 1]]
        now = far[way[first]]
        best = -1e-6
        place = 0
        for last in range(first + 1, len(way) - 1):
            a = way[last]
            b = way[last + 1]
            change = before[a] + now[b] - before[way[first]] - far[a][b]
            if change < best:
                best = change
                place = last
        if place:
            way[first : place + 1] = way[first : place + 1][::-1]
            gained = True
    return gained


def _move(way: list[int], far: Sequence[Sequence[float]]) -> bool:
    """Put stretches of one to STRETCH stops elsewhere, either way round, where that is shorter."""
    gained = False
    for length in range(1, STRETCH + 1):
        for first in range(1, len(way) - length - 1):
            part = way[first : first + length]
            rest = way[:first] + way[first + length :]
            saved = far[way[first - 1]][part[0]] + far[part[-1]][way[first + length]]
            saved -= far[way[first - 1]][way[first + length]]
            ends = ((part[0], part[-1], 1), (part[-1], part[0], -1))
            cost, place, turn = min(
                (far[a][head] + far[tail][b] - far[a][b], place, turn)
                for place, (a, b) in enumerate(pairwise(rest), 1)
                for head, tail, turn in ends
            )
            if cost < saved - 1e-6:
                way[:] = rest[:place] + part[::turn] + rest[place:]
                gained = True
    return gained
