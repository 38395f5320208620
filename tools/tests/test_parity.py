"""Readings that frames have again, through outbox and gateway, where frames are lost."""

from tools.bench.measure import parity
from tools.bench.outage import loss

BINS = 1
READINGS = 336


def test_what_is_lost_has_the_share_and_the_bursts_that_were_asked_for():
    for burst in (1 / 0.7, 4):
        gone = loss.lost(40_000, 0.3, burst, 1)

        starts = sum(now and not before for before, now in zip([False, *gone], gone, strict=False))
        assert abs(sum(gone) / len(gone) - 0.3) < 0.02
        assert abs(sum(gone) / starts - burst) < 0.1 * burst


def test_the_gateway_takes_each_reading_once_and_of_what_goes_alone_what_came(tmp_path):
    alone = loss.frames(tmp_path, 0, BINS)
    gone = loss.lost(len(alone), 0.4, 1 / 0.6, 1)

    assert len(alone) == READINGS
    assert loss.arrived(alone, [False] * READINGS, {}) == READINGS
    assert loss.arrived(alone, gone, {}) == gone.count(False)


def test_with_repeat_nearly_all_arrive_in_frames_as_many_and_not_half_as_long_again(tmp_path):
    alone = loss.frames(tmp_path / "alone", 0, BINS)
    sent = loss.frames(tmp_path / "again", parity.REPEAT, BINS)
    decoded = {}

    assert len(sent) == len(alone)
    assert loss.arrived(sent, [False] * READINGS, decoded) == READINGS
    for share, most in ((0.3, 2), (0.4, 4)):
        gone = loss.lost(READINGS - 1, share, 1 / (1 - share), 1)
        assert loss.arrived(sent, [*gone, False], decoded) >= READINGS - most
    for sf in parity.FACTORS:
        ratio = parity.airtime(sf, alone, sent)[1].value
        assert 1.2 < ratio < 1.5
