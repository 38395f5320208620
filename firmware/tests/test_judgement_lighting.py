"""A lamp's floor by observed use: on streets whose people are drawn here."""

from judgement.lighting import Careful, Policy

FLOOR, IDLE = 70, 20
NIGHT_S = 36000  # 20:00 to 06:00
STAY_S = 21
GRACE_S = 2


class Draw:
    """The same numbers on every machine. Source: Park and Miller, CACM 31 (1988)."""

    def __init__(self, seed):
        self._state = seed

    def below(self, most):
        self._state = self._state * 48271 % 0x7FFFFFFF
        return self._state % most


def night(draw, policy, weekday, per_hour):
    """(seconds at the floor, presence s, presence under the floor s) of one night from 20:00.

    per_hour: groups in each of the ten hours; the sensor misses 3 of 100.
    """
    edges = set()
    present = bytearray(NIGHT_S + STAY_S)
    for hour, groups in enumerate(per_hour):
        for _ in range(groups):
            first = hour * 3600 + draw.below(3600)
            for at in range(first, first + STAY_S):
                present[at] = min(255, present[at] + 1)
            if draw.below(100) >= 3:
                edges.update((first, first + 2, first + 5, first + 7))
    lit = stays = dark = stay = 0
    for second in range(NIGHT_S):
        minute = 1200 + second // 60
        day = (weekday + minute // 1440) % 7
        level = policy.step(
            weekday * 86400 + 72000 + second, minute % 1440, day, True, second in edges
        )
        stay = stay + 1 if present[second] else 0
        lit += level == FLOOR
        stays += stay > 0
        dark += stay > GRACE_S and level < FLOOR
    return lit, stays, dark


def test_idle_by_night_and_dark_by_day():
    one = Policy(FLOOR, IDLE)

    assert one.step(0, 720, 0, False, True) == 0
    assert one.step(3600, 780, 0, True, False) == IDLE


def test_a_person_has_the_floor_until_the_lamps_stretch_ends():
    one = Policy(FLOOR, IDLE)
    levels = [one.step(s, s // 60, 0, True, s in (30, 32, 35, 37)) for s in range(60)]

    assert levels == [IDLE] * 30 + [FLOOR] * STAY_S + [IDLE] * 9


def test_a_busy_hour_keeps_the_floor_and_a_calm_one_waits_for_people():
    draw, one = Draw(1), Policy(FLOOR, IDLE)
    lit, stays, dark = night(draw, one, 0, [250] * 5 + [6] * 5)

    assert lit > 17500  # the first hours, as good as whole
    assert lit < 18000 + 1800
    assert dark * 100 < 2 * stays


def test_a_week_later_the_busy_hour_is_known_at_its_first_minute():
    one = Policy(FLOOR, IDLE)
    draw = Draw(2)
    night(draw, one, 4, [6, 250] + [6] * 8)
    begin = 11 * 86400
    for minute in range(1200, 1260):
        one.step(begin + minute * 60, minute, 4, True, False)

    assert one.step(begin + 1260 * 60, 1260, 4, True, False) == FLOOR
    assert Policy(FLOOR, IDLE).step(begin + 1260 * 60, 1260, 4, True, False) == IDLE


def test_the_share_of_presence_under_the_floor_stays_where_it_is_asked():
    """On a street that is never busy too: there the threshold falls until it is kept."""
    for kind, most in ((Policy, 125), (Careful, 105)):
        for rates in ([120, 80, 40, 20, 10, 5, 5, 5, 10, 20], [40, 30, 20, 15, 8, 4, 4, 4, 8, 10]):
            draw, one = Draw(3), kind(FLOOR, IDLE)
            lit = stays = dark = 0
            for weekday in range(9):
                found = night(draw, one, weekday, rates)
                if weekday > 1:  # the first two nights it learns
                    lit, stays, dark = lit + found[0], stays + found[1], dark + found[2]
            assert dark * 10000 <= most * stays, (kind, dark * 10000 // stays)
            assert lit * 100 < 75 * 7 * NIGHT_S


def test_a_clock_that_jumps_by_hours_changes_nothing_by_night():
    one = Policy(FLOOR, IDLE)
    one.step(100, 600, 0, False, True)
    one.step(40000, 1200, 0, True, False)

    assert one.step(40001, 1200, 0, True, True) == FLOOR
    assert one.step(40015, 1200, 0, True, False) == IDLE
