"""What may stand in a bay and beside it: the likeliest explanations of all steps so far.

Each belief says what every step was: the bay's car that came or left, a neighbour's, or something
in the lane that stops for a while. What comes must leave by the same step, back; what a step can
be depends on what stands there. A wrong guess is thus found out by what follows, and another
belief, kept until then, takes its place.
"""

from judgement.field import add, dot, weight
from judgement.likelihood import by_car, by_neighbour, by_other, learnt, towards, undone

_KEPT = 10
_CONTRARY = 3  # of these
_ERROR = 133  # twice the variance of a step's error, (0.13 uT)^2 by many samples
_ERROR_SPARSE = 400
_LEAST = 2500  # (0.8 uT)^2: less is no car and hides none
_STANDS = 7569  # (1.4 uT)^2: a lesser step of anything else is current, which comes and goes
_FADES_S = 80  # within which it does
_CAR = 8  # a car comes rather to the bay than beside it: all that is known of both
_YOUNG_S = 55  # a car stands longer
_YOUNG = -80
_HIDDEN = -80  # a neighbour leaves whose arrival was too small to see
_FORGOTTEN = -80  # something leaves the lane unseen
_LANE_S = 3900  # something small stays as long, a delivery truck (more than 3.2 uT)
_TRUCK_S = 900
_TRUCK = 40000
_NOTHING = -320  # a step of nothing that is known
_OTHER_CAR = -112  # what stood was no car
_SWAPPED = -80  # two cars change places in one movement
_LARGE = 190000  # (7 uT)^2: no neighbour's


class Beliefs:
    """The beliefs, best first: (ln, car, neighbour, neighbour, others, way, way).

    ln: 16 times the logarithm, 0 of the best.  car and neighbours: (step, second) of what stands,
    or None.  others: the same, two at most.  way: a neighbour's direction as in `likelihood`.
    sparse: there are only a few samples for each movement.
    """

    def __init__(self, sparse: bool):
        self._error = _ERROR_SPARSE if sparse else _ERROR
        self.begin(None, None, None)

    def begin(self, car, one, other) -> None:
        """Believe nothing but this: the bay's car and the ways of both sides."""
        self.all = [(0, car, None, None, (), one, other)]
        self._currents = []
        self._next = []

    def occupied(self) -> int:
        """How likely a car stands in the bay, 0..255."""
        total = with_car = 0
        for belief in self.all:
            share = weight(belief[0])
            total += share
            if belief[1]:
                with_car += share
        return with_car * 255 // total

    def car(self) -> list:
        """What the likeliest car adds, in 16 nT."""
        for belief in self.all:
            if belief[1]:
                return belief[1][0]
        return [0, 0, 0]

    def ways(self) -> tuple:
        """The neighbours' directions as most likely."""
        return self.all[0][5:]

    def step(self, now: tuple, square: int, rolled: int, landed: "int | None") -> None:
        """Take a step.

        now: (step, second).  rolled: how likely a vehicle rolled.  landed: how likely it led to
        the vacant level, None for not at all.
        """
        if square < _LEAST:
            return
        self._now = now
        self._square = square
        self._rolled = rolled
        self._landed = landed
        self._other = by_other(square)
        if square < 10000:
            self._current(now[0], now[1])
        self._next = []
        for belief in self.all:
            self._explain(self._lane(belief))
        best = self._next[0][0]
        self.all = [(belief[0] - best,) + belief[1:] for belief in self._next]
        self._next = []

    def _current(self, step, now_s):
        """A tram's current ends as it began."""
        for past, at_s in self._currents:
            if now_s - at_s < _FADES_S:
                self._other = max(self._other, undone(step, past, self._error) - 16)
        self._currents = self._currents[-2:] + [self._now]

    def _lane(self, belief):
        """What stands in the lane too long is gone."""
        now_s = self._now[1]
        ln, car, one, two, others, way, way2 = belief
        for other in others:
            if now_s - other[1] > (_TRUCK_S if dot(other[0], other[0]) > _TRUCK else _LANE_S):
                others = _without(others, other)
                ln += _FORGOTTEN
        return ln, car, one, two, others, way, way2

    def _offer(self, belief):
        """Keep it if it is among the best."""
        ln = belief[0]
        kept = self._next
        for at in range(len(kept)):
            if kept[at][1:5] == belief[1:5]:
                if kept[at][0] >= ln:
                    return
                del kept[at]
                break
        at = len(kept)
        while at and kept[at - 1][0] < ln:
            at -= 1
        kept.insert(at, belief)
        if len(kept) > _KEPT:
            self._drop(kept)

    def _drop(self, kept):
        """The worst goes, but some stay that say the contrary of most: they may be right yet."""
        with_car = len([one for one in kept if one[1]])
        many = with_car * 2 > len(kept)
        at = len(kept) - 1
        if min(with_car, at + 1 - with_car) <= _CONTRARY:
            while bool(kept[at][1]) != many:
                at -= 1
        del kept[at]

    def _explain(self, belief):
        """All that this step can have been."""
        self._explain_car(belief)
        if self._square < _LARGE:
            self._explain_side(belief, 2, 5)
            if belief[5]:
                self._explain_side(belief, 3, 6)
        ln, car, one, two, others, way, way2 = belief
        now = self._now
        more = (others + (now,))[-2:] if self._square >= _STANDS else others
        self._offer((ln + self._other, car, one, two, more, way, way2))
        for other in others:
            left = _without(others, other)
            self._offer(
                (ln + undone(now[0], other[0], self._error), car, one, two, left, way, way2)
            )
        self._offer((ln + _NOTHING,) + belief[1:])

    def _explain_car(self, belief):
        ln = belief[0] + self._rolled
        car = belief[1]
        rest = belief[2:]
        now = self._now
        comes = ln + by_car(self._square) + _CAR
        if car is None:
            self._offer((comes, now) + rest)
        else:
            self._offer((ln + self._leaves(car), None) + rest)
            if self._square > _LARGE:
                self._offer((comes + _OTHER_CAR, now) + rest)
                both = add(car[0], now[0])
                swapped = by_car(dot(both, both)) + _SWAPPED
                self._offer((ln + swapped, (both, now[1])) + rest)
        if self._landed is not None:
            self._offer((ln + self._landed, None) + rest)

    def _leaves(self, car):
        ln = undone(self._now[0], car[0], self._error)
        return ln + _YOUNG if self._now[1] - car[1] < _YOUNG_S else ln

    def _explain_side(self, belief, place, way_place):
        ln = belief[0] + self._rolled
        step = self._now[0]
        square = self._square
        stands = belief[place]
        way = belief[way_place]

        def offer(by, stands, way):
            changed = list(belief)
            changed[0] = ln + by
            changed[place] = stands
            changed[way_place] = way
            self._offer(tuple(changed))

        if stands:
            offer(self._leaves(stands), None, way)
            return
        comes = by_neighbour(square)
        offer(comes + towards(step, square, way), self._now, learnt(step, square, way))
        if way:
            back = [-axis for axis in step]
            offer(comes + towards(back, square, way) + _HIDDEN, None, way)


def _without(others, gone):
    return tuple([stays for stays in others if stays is not gone])
