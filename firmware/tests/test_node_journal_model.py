"""The journal against its invariants: any order of readings, frames, answers, faults, restarts."""

from tests.fake_device import folder
from tests.fake_flash import EIO, Flash

# isort: split
from hypothesis import settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from node.journal import TAIL_RECORDS, Journal
from node.store import Store

ONLY = "cpython"


class Model(RuleBasedStateMachine):
    """`kept`: readings that the network has not acknowledged; `sent`: those on their way."""

    def __init__(self):
        super().__init__()
        self.path = folder()
        self.flash = Flash(self.path).__enter__()
        self.kept = []
        self.sent = set()
        self.dropped = 0
        self.start()
        self.journal.next_seq = self.journal.acked_below = 65500  # it wraps soon

    def start(self):
        self.dropped += self.journal.dropped if hasattr(self, "journal") else 0
        self.journal = Journal(Store(self.path + "/state"), self.path + "/journal")

    def drained(self):
        """What waits, in the order in which it will be sent."""
        journal = self.journal
        before = journal.at, journal.torn, list(journal.marks)
        found = []
        while batch := journal.batch(5):
            found += [one.seq for one in batch]
            journal.sent(batch)
        assert journal.idle()
        journal.at, journal.torn, journal.marks = before
        return found

    def tail(self):
        return {self.journal.seq(at) for at in range(len(self.journal.marks))}

    @rule(count=strategies.sampled_from((1, 1, 3, 20, 150)))
    def read(self, count):
        for _ in range(count):
            self.kept.append(self.journal.next_seq)
            self.journal.add(1, 0, 0, 10, b"x")

    @rule(limit=strategies.integers(1, 24), times=strategies.sampled_from((1, 2, 20)))
    def send(self, limit, times):
        for _ in range(times):
            batch = self.journal.batch(limit)
            self.journal.sent(batch)
            self.sent |= {one.seq for one in batch}

    @rule()
    def acknowledged(self):
        self.journal.acked()
        self.kept = [seq for seq in self.kept if seq not in self.sent]
        self.sent = set()

    @rule()
    def lost(self):
        self.journal.lost()
        self.sent = set()

    @rule(back=strategies.integers(0, TAIL_RECORDS), count=strategies.integers(1, 9))
    def resend(self, back, count):
        first = self.journal.next_seq - back & 0xFFFF
        wanted = {first + at & 0xFFFF for at in range(count)} & self.tail()
        assert self.journal.resend(first, count) == len(wanted)
        self.sent -= wanted

    @precondition(lambda self: not self.flash.errno)
    @rule()
    def restart(self):
        self.journal.save()  # readings of a time when nothing could be written
        self.start()
        self.sent = set()

    @rule(room=strategies.integers(0, 900))
    def fill(self, room):
        self.flash.fill(room)

    @rule()
    def fail(self):
        self.flash.fail()

    @rule()
    def mend(self):
        self.flash.mend()

    @invariant()
    def nothing_is_lost_but_the_oldest_and_those_are_counted(self):
        journal = self.journal
        found = self.drained()
        assert journal.waiting() == len(found)
        assert journal.idle() == (not found)
        assert journal.first_seq() == (found[0] if found else journal.next_seq)
        gone = [seq for seq in self.kept if seq not in found and seq not in self.sent]
        left = [seq for seq in self.kept if seq not in gone]
        self.dropped += journal.dropped
        journal.dropped = 0
        assert len(gone) <= self.dropped
        due = [seq for seq in self.kept if seq not in self.sent]
        if self.flash.errno == EIO:  # segments cannot change: the oldest of the tail go
            start = due.index(gone[0]) if gone else 0
            due = due[start:]
        assert gone == due[: len(gone)], "a newer one is gone"
        self.dropped -= len(gone)
        self.kept = left

    @invariant()
    def the_oldest_is_sent_first(self):
        first = [seq for seq in dict.fromkeys(self.drained()) if seq in self.kept]
        ages = [self.journal.next_seq - seq & 0xFFFF for seq in first if seq not in self.sent]
        assert ages == sorted(ages, reverse=True)

    def teardown(self):
        self.flash.__exit__()


def test_the_journal_keeps_its_invariants():
    few = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True)
    run_state_machine_as_test(Model, settings=few)
