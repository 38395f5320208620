"""Passages of a pair of beams, from walks whose truth is known."""

import math
import random

from tests.fake_device import Pin  # noqa: F401 - it makes MicroPython's time

# isort: split
from time import ticks_diff

from judgement.passages import Passages

GAP_MM = 300
LEGS_MM = ((0, 130), (220, 130))
"""Where a leg begins behind the front of a person, and how thick it is."""


def breaks(walks):
    """[(ms, beam)] of the rising edges that walks make.

    walks: [(ms at the first beam, mm/s, 1 for inbound or -1, [(offset mm, thickness mm)])].
    """
    found = []
    for beam in (0, 1):
        covered = []
        for start_ms, speed, way, parts in walks:
            on_the_way = GAP_MM * 1000 // speed if beam == (way == 1) else 0
            for offset, thick in parts:
                first = start_ms + on_the_way + offset * 1000 // speed
                covered.append((first, first + thick * 1000 // speed))
        covered.sort()
        end = None
        for first, last in covered:
            if end is None or first > end:
                found.append((first, beam))
            end = last if end is None else max(end, last)
    return sorted(found)


def counted(walks, gap_mm=GAP_MM, base=0):
    one = Passages(ticks_diff, gap_mm)
    for ms, beam in breaks(walks):
        one.broken(beam, base + ms & 0x3FFFFFFF)
    return one


def person(start_ms, speed=1300, way=1, parts=LEGS_MM):
    return start_ms, speed, way, parts


def test_the_order_of_the_beams_is_the_direction():
    assert counted([person(0), person(5000, way=-1), person(10000, way=-1)]).totals == [1, 2]


def test_speeds_of_people_count_and_others_do_not():
    for speed, passages in ((290, 0), (310, 1), (1300, 1), (3900, 1), (4200, 0)):
        one = counted([person(0, speed, parts=((0, 300),)), person(60000)])
        assert one.totals == [passages + 1, 0], speed
        assert one.unclear == (0 if passages else 2), speed


def test_two_legs_are_one_person_at_every_pace():
    for speed in range(320, 3000, 40):
        for parts in (LEGS_MM, ((0, 90), (150, 90), (310, 60)), ((0, 350),)):
            assert counted([person(0, speed, parts=parts)]).totals == [1, 0], (speed, parts)


def test_people_one_behind_the_other_are_as_many_as_they_are():
    for speed in (500, 900, 1300, 2000):
        behind_ms = 1000000 // speed  # a metre
        walks = [person(at * behind_ms, speed, parts=((0, 300),)) for at in range(20)]
        assert counted(walks).totals == [20, 0], speed
        walks = [person(at * behind_ms, speed) for at in range(20)]
        assert counted(walks).totals == [20, 0], speed


def test_two_abreast_are_one_passage():
    assert counted([person(0), person(40)]).totals == [1, 0]


def test_someone_who_turns_round_is_unclear_and_nobody_passed():
    one = Passages(ticks_diff, GAP_MM)
    one.broken(0, 0)
    one.broken(0, 900)
    one.broken(1, 60000)
    one.broken(0, 60250)
    assert (one.totals, one.unclear) == ([0, 1], 2)


def test_a_day_of_people_is_counted_within_two_percent_each_way():
    random.seed(5)
    draw = random.random
    walks, truth, now_ms = [], [0, 0], 0
    for _ in range(4000):
        now_ms += 900 + int(-math.log(1 - draw()) * 4000)
        way = 1 if draw() < 0.6 else -1
        truth[way != 1] += 1
        speed = min(2500, max(500, int(1340 + 260 * (sum([draw() for _ in range(12)]) - 6))))
        walks.append(person(now_ms, speed, way))
    one = counted(walks)
    for seen, true in zip(one.totals, truth):
        assert abs(seen - true) <= true * 2 // 100, (one.totals, truth, one.unclear)


def test_a_passage_over_a_wrap_of_the_ticks_counts_and_one_before_a_long_silence_is_over():
    for base in (0x3FFFFFFF - 100, 0x1FFFFFFF - 100):
        assert counted([person(0)], base=base).totals == [1, 0], base
    one = Passages(ticks_diff, GAP_MM)
    one.broken(0, 0)
    one.broken(1, 0x30000000)  # 9 days later, for the ticks 3 days before
    assert (one.totals, one.unclear) == ([0, 0], 1)


def test_breaks_of_one_beam_alone_are_told():
    one = Passages(ticks_diff, GAP_MM)
    for at in range(12):
        one.broken(0, at * 2000)
    assert (one.totals, one.alone) == ([0, 0], 12)
    one.broken(1, 12 * 2000)
    assert one.alone == 1
