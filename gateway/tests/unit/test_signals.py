"""Queue signals: kept until their queue item is known, bounded."""

from gateway.seen import Seen
from gateway.seen.frames import Frames
from gateway.seen.gaps import Gaps
from gateway.seen.signals import EARLY, Signal, Signals


def test_early_signals_are_kept_for_their_item_and_bounded():
    seen = Signals()
    for number in range(EARLY + 1):
        seen.remember(Signal(f"q{number}", "transmitted"))
    seen.remember(Signal("q5", "acknowledged"))
    seen = Seen.load(Seen(Frames(), seen, Gaps()).dump()).signals

    assert [one.what for one in seen.recall("q5")] == ["transmitted", "acknowledged"]
    assert seen.recall("q5") == []
    assert seen.recall("q0") == seen.recall("q1") == []
    assert len(seen.recall("q2")) == 1
