"""The figures of a node-day: a run of some hours scaled, and what its limit is made of."""

from tools.bench.measure.speed import node_day


def test_a_run_of_hours_is_scaled_to_a_day_and_split_into_work_and_speed():
    wall, work, speed = node_day("bin", 10.0, 25.0, 4, 45)

    assert (wall.value, wall.aim, wall.within) == (60.0, 45, False)
    assert (work.value, work.where) == (150.0, "emulated")
    assert speed.value == 2.5
