"""Steps that cars in the bays beside make: known by their directions and by being undone."""

import struct

from judgement.field import add, dot, unit

_NEIGHBOUR_NT = 3000  # the most that its direction alone makes a neighbour
_RIPE = 10  # a direction counts from its second step on
_ALIKE = 61600  # cosine, by 2^16: 20 degrees
_DIRECTION = "<3hB"
_SIZE = 7


class Neighbours:
    """What is known of the two sides of a bay. Steps are in nT, squares in nT^2."""

    def __init__(self):
        self.here = []  # steps of those that stand there
        self.sides = []  # [x, y, z, weight] of the directions

    def save(self) -> bytes:
        """The directions, 7 bytes each."""
        return b"".join([struct.pack(_DIRECTION, *side) for side in self.sides])

    def restore(self, saved: bytes) -> None:
        """As `save` gave it."""
        for at in range(0, len(saved), _SIZE):
            self.sides.append(list(struct.unpack(_DIRECTION, saved[at : at + _SIZE])))

    def ripe(self) -> int:
        """How many directions are known by more than one step."""
        return len([side for side in self.sides if side[3] >= _RIPE])

    def cancels(self, step, square) -> bool:
        """Is it a neighbour's step back?"""
        if square >= 5000**2:
            return False
        for known in self.here:
            rest = add(known, step)
            if dot(rest, rest) < min(900**2, square * 2 // 5):
                self.here.remove(known)
                return True
        return False

    def beside(self, step, square) -> bool:
        """Does it come from one of the two sides that neighbours were seen on most?"""
        if square > _NEIGHBOUR_NT**2:
            return False
        way = unit(step, square)
        sides = sorted(self.sides, key=lambda side: -side[3])[:2]
        for side in sides:
            if side[3] >= _RIPE and abs(dot(way, side)) > _ALIKE:
                self.note(step, square)
                return True
        return False

    def learn(self, step, square) -> None:
        """Take a small step of a vehicle: directions that return are sides."""
        way = unit(step, square)
        best = None
        sign = 1
        nearest = 59500
        for side in self.sides:
            cosine = dot(way, side)
            if abs(cosine) > nearest:
                best = side
                nearest = abs(cosine)
                sign = 1 if cosine > 0 else -1
            if side[3]:
                side[3] -= 1
        if best is None:
            self.sides.sort(key=lambda side: -side[3])
            del self.sides[5:]
            self.sides.append(way + [4])
            return
        for axis in (0, 1, 2):
            best[axis] += (sign * way[axis] - best[axis]) // 4
        best[:3] = unit(best[:3], dot(best, best))
        best[3] = min(60, best[3] + 7)

    def note(self, step, square) -> None:
        """A step that may be undone."""
        if square > 1200**2:
            self.here.append(step)
            del self.here[:-5]
