"""A node in a parking bay: calibration, what is told and when, restarts, ranging, sick sensors."""

from tests.test_node_profiles import make

# isort: split
from judgement.parking import FREE, OCCUPIED, UNKNOWN
from judgement.verdict import Verdict
from node.profiles import DRIFTING, NOISY, STUCK
from node.profiles.parking import Profile  # noqa: F401 - the module under test
from wire import codec

EARTH = (20000, -4000, -43000)
CAR = (4000, -7000, 9000)
ECHO = {"distance": 300, "valid": 7, "spread": 3, "obstructed": 0}


class Place:
    """A profile whose field is sampled each `field_s`, with noise of +-0.3 uT."""

    def __init__(self, path=None, ranger=False, calibrated=True, **settings):
        self.one = make("parking", path)
        self.one.node.config.update(settings)
        self.clock = self.one.node.clock
        self.field = list(EARTH)
        self.noise = 300
        self.echo = ECHO
        if ranger:
            self.one.node.sensors["distance"] = self
        self.one.ready()
        if calibrated:
            self.one.calibrate(*EARTH)
        self._seed = 7
        self.pings = 0
        self.sent = []
        self._last = None

    def random(self):
        self._seed = (self._seed * 1103 + 12345) % 1048576
        return (self._seed % 2001 - 1000) * self.noise // 1000

    def sample(self, answers=True):
        one = self.one
        one.sick = {}
        sensed = {"field": None}
        if answers:
            x, y, z = [axis + self.random() for axis in self.field]
            sensed["field"] = {"x": x, "y": y, "z": z}
        if "distance" in dict(one.wanted()):
            self.pings += 1
            sensed["distance"] = self.echo
        fields = one.fields(sensed)
        if self._last is None or one.changed(self._last, fields):
            self.sent.append(fields["occupied"])
            self._last = fields
        one.save()
        codec.pack("parking", dict(fields, seq=1, age=0))
        self.clock.now_us += one.node.config["field_s"] * 1000000
        return fields

    def wait(self, seconds, answers=True):
        """The last reading after so long."""
        for _ in range(seconds // self.one.node.config["field_s"]):
            fields = self.sample(answers)
        return fields

    def shift(self, by, sign=1):
        for axis in (0, 1, 2):
            self.field[axis] += sign * by[axis]

    def drives(self, car=CAR, sign=1):
        """It comes (1) or leaves (-1): the field turns while its axles pass."""
        for turn in (900, -700, 400):
            if turn == -700:
                self.shift(car, sign)
            stirred = [car[axis - 2] * turn // 1000 for axis in (0, 1, 2)]
            self.shift(stirred)
            self.sample()
            self.shift(stirred, -1)


def test_until_the_vacant_bay_is_measured_nobody_knows_its_state():
    place = Place(calibrated=False)

    fields = place.wait(60)

    assert (fields["occupied"], fields["uncalibrated"], fields["suspect"]) == (None, 1, 1)


def test_a_car_is_told_within_a_minute_with_how_long_the_bay_was_free():
    place = Place()
    place.wait(1800)
    place.drives()
    fields = place.wait(60)
    assert (fields["occupied"], fields["lasted"], fields["since"]) == (1, 30, 0)
    assert 11600 < fields["field"] < 12600
    fields = place.wait(7200)
    assert fields["since"] == 120
    place.drives(sign=-1)
    fields = place.wait(60)
    assert (fields["occupied"], fields["lasted"], fields["suspect"]) == (0, 121, 0)
    assert place.sent == [0, 1, 0]


def test_what_lasts_for_less_than_the_dwell_is_not_told():
    verdict = Verdict(False)
    verdict.take(FREE, None, 0)
    for second in range(1, 400):
        verdict.take(OCCUPIED if second % 12 < 9 else FREE, None, second)
    assert verdict.state == FREE
    for second in range(400, 411):
        verdict.take(OCCUPIED, None, second)
    assert verdict.state == OCCUPIED
    for second in range(411, 800):
        verdict.take(FREE if second % 30 < 19 else OCCUPIED, None, second)
    assert verdict.state == OCCUPIED


def test_a_car_that_stands_over_a_restart_is_still_there():
    place = Place()
    place.wait(1800)
    place.drives()
    assert place.wait(60)["occupied"] == 1

    again = Place(place.one.node.path, calibrated=False)
    again.shift(CAR)

    assert again.sample()["occupied"] is None
    fields = again.wait(40)
    assert (fields["occupied"], fields["uncalibrated"], fields["lasted"]) == (1, 0, None)
    again.drives(sign=-1)
    assert again.wait(60)["occupied"] == 0


def test_a_car_that_left_while_the_node_was_without_power_is_gone():
    place = Place()
    place.wait(1800)
    place.drives()
    place.wait(60)

    again = Place(place.one.node.path, calibrated=False)

    assert again.wait(40)["occupied"] == 0


def test_a_sensor_that_does_not_answer_makes_the_state_unknown_never_free():
    place = Place()
    place.wait(1800)

    fields = place.wait(20, answers=False)
    assert (fields["occupied"], fields["suspect"], fields["field"]) == (None, 1, None)
    again = Place(place.one.node.path, calibrated=False)
    assert again.wait(60, answers=False)["occupied"] is None
    assert 0 not in again.sent

    assert place.wait(60)["occupied"] == 0  # it is back


def test_a_stuck_sensor_is_told_as_sick_and_its_bay_is_unknown():
    place = Place()
    place.wait(600)
    place.noise = 0

    fields = place.wait(90)

    assert (fields["occupied"], fields["suspect"], place.one.sick) == (None, 1, {"field": STUCK})


def test_a_sensor_with_too_much_noise_is_told_as_sick_and_its_bay_is_unknown():
    place = Place()
    place.wait(600)
    place.noise = 9000

    fields = place.wait(1800)

    assert (fields["occupied"], fields["suspect"], place.one.sick) == (None, 1, {"field": NOISY})
    place.noise = 300
    fields = place.wait(600)
    assert (fields["occupied"], fields["suspect"], place.one.sick) == (0, 0, {})


def test_a_sensor_that_drifts_is_told_as_sick():
    place = Place()
    place.wait(1800)
    for _ in range(400):  # 80 nT a minute
        place.shift((80, 0, 0))
        fields = place.wait(60)
    assert (fields["occupied"], fields["suspect"], place.one.sick) == (0, 1, {"field": DRIFTING})


def test_a_new_time_between_samples_is_taken_without_a_restart():
    place = Place()
    place.wait(1800)
    place.drives()
    assert place.wait(60)["occupied"] == 1
    place.one.node.config["field_s"] = 10
    assert place.wait(120)["occupied"] == 1
    place.drives(sign=-1)
    assert place.wait(120)["occupied"] == 0


# --- ranging ------------------------------------------------------------------------------------


def test_ranging_looks_at_each_change_and_each_sample_s_alone():
    place = Place(ranger=True)
    place.echo = dict(ECHO, distance=2500)
    place.wait(7200)
    assert 1 <= place.pings <= 6
    place.echo = ECHO
    place.drives()
    fields = place.wait(60)
    assert (fields["occupied"], fields["conflict"]) == (1, 0)


def test_a_change_that_ranging_denies_is_not_told_until_it_looks_three_times():
    place = Place(ranger=True)
    place.echo = dict(ECHO, distance=2500)
    place.wait(1800)

    before = place.pings

    place.drives()  # a magnet: the field says a car, ranging sees the sky

    assert place.wait(120)["occupied"] == 0
    assert 3 <= place.pings - before <= 8  # then it is believed
    assert place.sent == [None, 0]
    place.echo = ECHO  # and a car of aluminium, which the field alone does not see
    fields = place.wait(3700)
    assert fields["occupied"] == 1
    assert place.sent == [None, 0, 1]


def test_snow_or_mud_over_the_ranging_sensor_says_nothing():
    place = Place(ranger=True)
    place.echo = dict(ECHO, distance=90, obstructed=1)

    assert place.wait(7200)["occupied"] == 0
    place.drives()
    assert place.wait(60)["occupied"] == 1
    place.drives(sign=-1)
    fields = place.wait(60)
    assert (fields["occupied"], fields["conflict"]) == (0, 0)


def test_an_unknown_bay_is_not_ranged():
    verdict = Verdict(True)
    assert verdict.take(UNKNOWN, True, 0) is None
    assert (verdict.state, verdict.conflict) == (UNKNOWN, 0)
