"""Adaptive data rate. The expected settings follow from ChirpStack's rules in `adr.py`."""

from tools.bench.network.adr import Adr, Setting
from tools.bench.network.region import load

REGION = load()


def heard(count, snr, data_rate=5, *, step=1, power_index=0):
    adr = Adr(data_rate=data_rate, power_index=power_index)
    for number in range(count):
        adr.heard(number * step, data_rate, snr)
    return adr


def test_a_strong_device_first_gets_faster_and_then_quieter():
    # SF12: -20 dB floor, 10 dB margin; 5 dB heard is 15 dB too much, five steps.
    assert heard(1, 5.0, 0).target(0, REGION) == Setting(5, 0)
    assert heard(1, 11.0, 0).target(0, REGION) == Setting(5, 2)
    assert heard(1, 9.5).target(5, REGION) == Setting(5, 2)


def test_a_device_with_just_the_margin_stays_as_it_is():
    adr = heard(1, 2.5)

    assert adr.target(5, REGION) == Setting(5, 0)
    assert adr.request(5, REGION) == b""


def test_a_weak_device_gets_its_power_back_but_only_after_20_uplinks():
    assert heard(19, -4.0, power_index=3).target(5, REGION) == Setting(5, 3)
    assert heard(20, -4.0, power_index=3).target(5, REGION) == Setting(5, 1)
    assert heard(20, -20.0, power_index=1).target(5, REGION) == Setting(5, 0)


def test_lost_frames_are_answered_with_repeats():
    assert heard(20, 2.5).target(5, REGION).nb_trans == 1
    assert heard(20, 2.5, step=2).target(5, REGION).nb_trans == 3


def test_the_best_of_the_last_twenty_counts():
    adr = heard(1, 30.0)
    for number in range(1, 21):
        adr.heard(number, 5, 2.5)

    assert adr.target(5, REGION) == Setting(5, 0)


def test_a_request_names_all_eight_channels_and_is_settled_by_its_answer():
    adr = heard(1, 9.5)

    assert adr.request(5, REGION) == bytes([3, 0x52, 0xFF, 0x00, 0x01])
    assert adr.power_index == 0
    adr.answered(7)
    assert adr.power_index == 2
    adr.heard(1, 5, 9.5)


def test_a_refused_request_is_not_repeated():
    adr = heard(1, 9.5)
    assert adr.request(5, REGION)

    adr.answered(5)

    assert adr.request(5, REGION) == b""
    assert adr.power_index == 0


def test_a_device_that_changes_its_rate_begins_anew():
    adr = heard(5, 9.5, power_index=2)

    adr.heard(5, 4, 9.5)

    assert (adr.power_index, len(adr.history)) == (0, 1)
