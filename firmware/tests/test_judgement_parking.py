"""A bay's state from its magnetometer: cars, what is no car, drift, restarts, dead sensors."""

import struct

from judgement.beliefs import Beliefs
from judgement.parking import FREE, OCCUPIED, UNKNOWN, Bay

EARTH = (20000, -4000, -43000)
CAR = (4000, -7000, 9000)
NEXT = (-6000, 2000, 8000)
TRUCK = (-2500, 4000, 3500)
ROLL_S = 6


class Street:
    """A bay and its field second by second, nT: noise of 0.3 uT RMS an axis, steps of 0.15 uT."""

    def __init__(self, period_s=1, saved=None, noise=True):
        self.bay = Bay(period_s, saved)
        self.period_s = period_s
        self.second = 0
        self.field = list(EARTH)
        self.seed = 77
        self.noise = noise
        self.states = []

    def random(self):
        self.seed = (self.seed * 1103 + 12345) % 1048576
        return self.seed % 1201 - 600

    def now(self, stirred=(0, 0, 0)):
        """One second, sampled when one is due. Returns the state."""
        if self.second % self.period_s == 0:
            axes = []
            for axis in (0, 1, 2):
                # three even draws of +-0.6 uT make a bell of 0.6 uT RMS; half of it
                random = (self.random() + self.random() + self.random()) // 2 if self.noise else 0
                axes.append((self.field[axis] + stirred[axis] + random + 75) // 150 * 150)
            self.states.append(self.bay.feed(self.second, axes[0], axes[1], axes[2], 200))
        self.second += 1
        return self.states[-1]

    def wait(self, seconds):
        """The states of this time, each once."""
        first = len(self.states)
        for _ in range(seconds):
            self.now()
        return sorted(set(self.states[first:]))

    def shift(self, by, sign=1):
        for axis in (0, 1, 2):
            self.field[axis] += sign * by[axis]

    def rolls(self, car, sign=1):
        """A vehicle drives on (1) or off (-1): the field turns while its axles pass."""
        for turn in (900, -700, -900, 400):
            if turn == -900:
                self.shift(car, sign)
            self.now((car[1] * turn // 1000, car[2] * turn // 1000, car[0] * turn // 1000))

    def silent(self, seconds):
        """The sensor does not answer."""
        for _ in range(seconds):
            self.states.append(self.bay.feed(self.second, None, 0, 0, 200))
            self.second += 1


def calibrated(period_s=1):
    street = Street(period_s)
    assert street.wait(1210) == [FREE]
    return street


def test_a_car_that_rolls_on_occupies_the_bay_within_12_s_until_it_rolls_off():
    street = calibrated()
    for car in (CAR, NEXT, (1500, -1500, 2200)):
        street.rolls(car)
        street.wait(12)
        assert street.wait(900) == [OCCUPIED], car
        street.rolls(car, -1)
        street.wait(12)
        assert street.wait(900) == [FREE], car


def test_ten_seconds_between_samples_are_enough():
    street = calibrated(10)
    for car in (CAR, NEXT):
        street.rolls(car)
        street.wait(20)
        assert street.wait(900) == [OCCUPIED]
        street.rolls(car, -1)
        street.wait(20)
        assert street.wait(900) == [FREE]


def test_what_comes_and_goes_by_a_microtesla_for_hours_wears_no_level_away():
    street = calibrated(10)
    street.rolls(CAR)
    street.wait(30)
    for turn in range(150):  # trams draw their current
        tram = (600 if turn & 1 else -600, 0, 600)
        street.shift(tram)
        street.wait(40)
        street.shift(tram, -1)
        assert street.wait(100) == [OCCUPIED], turn
    street.shift(CAR, -1)
    street = restarted(street)
    street.wait(5)
    assert street.wait(60) == [FREE]


def test_a_truck_beside_the_bay_changes_nothing():
    street = calibrated()
    street.shift(TRUCK)
    assert street.wait(600) == [FREE]
    street.shift(TRUCK, -1)
    assert street.wait(600) == [FREE]
    street.rolls(CAR)
    street.wait(60)
    street.shift(TRUCK)
    assert street.wait(600) == [OCCUPIED]
    street.rolls(CAR, -1)  # the car leaves while the truck stands
    street.wait(12)
    assert street.wait(300) == [FREE]
    street.shift(TRUCK, -1)
    assert street.wait(600) == [FREE]


def test_what_seemed_a_car_as_another_passed_is_none_once_its_level_is_left_again():
    street = calibrated()
    van = (1500, 2200, -2200)
    street.shift(van)
    for part in (3000, 4000, 2000):
        street.now((part, -part // 2, part))
    street.wait(300)
    street.shift(van, -1)
    street.wait(12)
    assert street.wait(600) == [FREE]


def test_a_car_that_takes_the_place_within_seconds_is_the_one_that_counts():
    street = calibrated()
    street.rolls(CAR)
    street.wait(600)
    street.rolls(CAR, -1)
    street.wait(1)
    street.rolls(NEXT)
    assert street.wait(600) == [OCCUPIED]
    street.rolls(NEXT, -1)
    street.wait(12)
    assert street.wait(600) == [FREE]


def test_the_vacant_level_drifts_along_beneath_a_car():
    street = calibrated()
    street.rolls(CAR)
    for _ in range(10000):
        street.field[1] += 1
        street.now()
    street.shift(CAR, -1)
    street = restarted(street)
    street.wait(5)
    assert street.wait(60) == [FREE]


def test_cars_that_pass_change_nothing():
    street = calibrated()
    for _ in range(20):
        for part in (1500, 4500, 2000):
            street.now((part, -part // 2, part))
        assert street.wait(57) == [FREE]


def test_drift_of_ten_microtesla_is_no_car_and_hides_none():
    street = calibrated()
    for hour in range(6):
        for _ in range(1800):
            street.field[hour % 3] += 1 if street.second & 1 else 0
            assert street.now() == FREE
    street.rolls(CAR)
    street.wait(60)
    for _ in range(10000):
        street.field[2] -= 1
        assert street.now() == OCCUPIED
    street.rolls(CAR, -1)
    street.wait(12)
    assert street.wait(600) == [FREE]


def test_another_car_half_a_minute_later_is_the_car_whose_departure_counts():
    street = calibrated()
    street.rolls(CAR)
    street.wait(600)
    street.rolls(CAR, -1)
    street.wait(30)
    street.rolls(NEXT)
    street.wait(12)
    assert street.wait(600) == [OCCUPIED]
    street.rolls(NEXT, -1)
    street.wait(12)
    assert street.wait(600) == [FREE]


def test_a_neighbour_is_known_by_its_direction_and_a_weak_car_of_another_is_not():
    street = calibrated()
    side = (1400, 300, -500)
    for _ in range(4):
        for sign in (1, -1):
            street.rolls(side, sign)
            street.wait(400)
    neighbour = (2300, 500, -850)
    street.rolls(neighbour)
    street.wait(15)
    assert street.wait(600) == [FREE]
    street.rolls(neighbour, -1)
    assert street.wait(600) == [FREE]
    weak = (-300, 1700, 1700)
    street.rolls(weak)
    street.wait(20)
    assert street.wait(600) == [OCCUPIED]


def restarted(street):
    again = Street(1, street.bay.save())
    again.field = street.field
    return again


def test_a_car_that_stands_over_a_restart_is_there_and_its_departure_is_seen():
    street = calibrated()
    street.rolls(CAR)
    street.wait(600)
    street.shift((900, -700, 600))  # a night's drift while it had no power
    street = restarted(street)
    assert street.wait(3) == [UNKNOWN]
    assert street.wait(600) == [OCCUPIED]
    street.rolls(CAR, -1)
    street.wait(12)
    assert street.wait(600) == [FREE]


def test_what_changed_while_the_power_was_off_is_seen_at_the_start():
    street = calibrated()
    street.shift(CAR)
    street = restarted(street)
    street.wait(5)
    assert street.wait(60) == [OCCUPIED]
    street.shift(CAR, -1)
    street = restarted(street)
    street.wait(5)
    assert street.wait(60) == [FREE]
    street.shift((0, -7000, 11000))
    street = restarted(street)
    street.wait(5)
    assert street.wait(60) == [OCCUPIED]


def test_what_was_taken_for_a_neighbour_is_the_car_once_another_comes_from_there():
    beliefs = Beliefs(False)

    def step(now_s, size, sign=1):
        vector = [sign * axis * size // 100 for axis in (90, 40, -20)]
        square = vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2
        beliefs.step((vector, now_s), square, 43, None)
        return beliefs.occupied()

    for at in range(4):
        step(1000 * at, 100)
        assert step(1000 * at + 500, 100, -1) < 13, at
    assert step(5000, 190) < 46
    assert step(5600, 130) > 92


def resumed(state, car, vacant, home):
    """A bay that is told this of the past, in nT."""
    levels = [axis << 4 for axis in vacant + home]
    street = Street(1, struct.pack("<B9i", state, *car, *levels))
    street.wait(5)
    return street


def test_a_level_that_is_the_vacant_one_for_minutes_is_vacant_whatever_was_believed():
    below = (EARTH[0] - 8000, EARTH[1], EARTH[2])
    street = resumed(OCCUPIED, (8000, 0, 0), below, EARTH)
    assert street.wait(300) == [OCCUPIED]
    street.wait(500)
    assert street.wait(60) == [FREE]


def test_a_level_that_no_neighbour_makes_is_a_cars_after_an_hour_whatever_was_believed():
    below = (EARTH[0] - 8000, EARTH[1], EARTH[2])
    street = resumed(FREE, (0, 0, 0), EARTH, below)
    assert street.wait(3600) == [FREE]
    street.wait(600)
    assert street.wait(60) == [OCCUPIED]


def test_directions_of_neighbours_outlive_a_restart():
    street = calibrated()
    for _ in range(4):
        for sign in (1, -1):
            street.rolls((1400, 300, -500), sign)
            street.wait(400)
    saved = street.bay.save()
    assert 37 < len(saved) <= 79
    assert Bay(1, saved).save() == saved


def test_a_sensor_that_is_silent_makes_the_bay_unknown_and_never_free():
    street = calibrated()
    street.rolls(CAR)
    street.wait(600)
    first = len(street.states)
    street.silent(120)
    assert set(street.states[first:]) == {UNKNOWN}
    assert street.wait(3) == [UNKNOWN]
    assert street.wait(60) == [OCCUPIED]
    street.silent(60)
    street.shift(CAR, -1)
    street.wait(5)
    assert street.wait(60) == [FREE]


def test_a_sensor_that_never_answered_is_unknown_and_then_calibrates():
    street = Street()
    street.silent(40)
    assert set(street.states) == {UNKNOWN}
    assert street.bay.save() is None
    assert street.wait(1210) == [FREE]
    street.rolls(CAR)
    street.wait(12)
    assert street.wait(60) == [OCCUPIED]


def test_a_stuck_sensor_makes_the_bay_unknown():
    street = calibrated()
    street.rolls(CAR)
    street.wait(600)
    street.noise = False
    street.wait(40)
    assert street.wait(600) == [UNKNOWN]
    street.noise = True
    street.wait(5)
    assert street.wait(60) == [OCCUPIED]


def test_no_state_holds_a_fraction_and_none_grows():
    street = calibrated()
    for car in (CAR, NEXT, (900, 400, 300), TRUCK):
        street.rolls(car)
        street.wait(90)
        street.rolls(car, -1)
        street.wait(90)
    numbers = []
    lists = [street.bay]
    while lists:
        value = lists.pop()
        if isinstance(value, (list, tuple)):
            lists += value
        elif hasattr(value, "__dict__"):
            lists += list(value.__dict__.values())
        elif value is not None:
            numbers.append(value)
    assert all(isinstance(number, (int, bool)) for number in numbers)
    assert len(numbers) < 200
