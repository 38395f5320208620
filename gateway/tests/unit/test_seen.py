"""What was seen of a device, as the store keeps it; also as an earlier version wrote it."""

from pathlib import Path

import msgspec

from gateway.devices import encode
from gateway.model import Command, Device, Latest
from gateway.notices import Joined, Uplink
from gateway.seen import Decoded, Seen
from gateway.seen.frames import MARK, OF_FCNT, OF_ID, Session, mark_of
from gateway.seen.gaps import SETTLE_MS
from gateway.store.sqlite.file import PAGE_BYTES

DATA = Path(__file__).parents[1] / "data"
START_MS = 1_795_572_000_000
OLD = (DATA / "seen_before_decoders.json").read_bytes()


def up(fcnt, addr, at_ms):
    own = {"dev_eui": "a1", "id": f"{addr}-{fcnt}", "fport": 10, "data": b"x"}
    return Uplink(dev_addr=addr, fcnt=fcnt, at_ms=START_MS + at_ms, **own)


def test_a_device_never_seen_has_nothing():
    seen = Seen.load(b"")

    assert (seen.frames.sessions, seen.signals.early, seen.gaps.seq) == ([], [], None)
    assert Seen.load(seen.dump()).dump() == seen.dump()


def test_a_row_of_an_earlier_version_keeps_every_field():
    written = msgspec.json.decode(OLD)

    kept = msgspec.json.decode(Seen.load(OLD).dump())
    for session in kept["sessions"]:
        assert [session.pop(one) for one in ("marks", "newest", "recent")] == [[], "", ""]
    assert {name: kept[name] for name in written} == written


def test_a_row_of_an_earlier_version_admits_no_repetition():
    frames = Seen.load(OLD).frames

    for one in (up(5, "01", 300_000), up(3, "02", 600_000), up(0, "02", 420_000)):
        assert frames.admits(one) is False
    joined = Joined(dev_eui="a1", id="j2", at_ms=START_MS + 400_000, dev_addr="02")
    assert frames.admits(joined) is False
    assert frames.admits(up(2, "02", 540_000)) is True, "overtaken, not seen"
    assert frames.admits_boot(up(0, "02", 420_000)) is True
    assert frames.boot != msgspec.json.decode(OLD)["boot"]


def test_a_row_of_an_earlier_version_still_knows_its_gaps_and_signals():
    seen = Seen.load(OLD)

    assert [(one.what, one.note) for one in seen.signals.recall("q9")] == [
        ("transmitted", ""),
        ("acknowledged", "n"),
    ]
    at_ms = START_MS + 600_000
    assert seen.gaps.settled(at_ms + SETTLE_MS) == [(6, 6)], "2 and 3 were named before"
    assert [n for n in (2, 5, 7, 3) if seen.gaps.admits(n, 0, at_ms, at_ms)] == [2, 3]


def test_devices_and_commands_of_an_earlier_version_open():
    rows = msgspec.json.decode((DATA / "rows_before_decoders.json").read_bytes())

    device = msgspec.convert(rows["device"], Device)
    command = msgspec.convert(rows["command"], Command)
    assert device.decoder == "lamplighter"
    assert encode(device, command) == (rows["frame"][0], bytes.fromhex(rows["frame"][1]))
    for name in ("command", "ended"):
        body = msgspec.json.encode(msgspec.convert(rows[name], Command))
        later = {"replaces": False, "loose": 0, "cancel": "", "key": ""}
        assert msgspec.json.decode(body) == rows[name] | later
    assert msgspec.convert(rows["latest"], Latest).seq == 1


def test_what_was_dumped_and_not_committed_is_not_taken_for_what_is_stored():
    decoded = Decoded()
    stored = Seen.load(OLD).dump()
    seen = decoded.load("a1", stored)
    assert seen.frames.admits(up(9, "02", 900_000))
    dumped = decoded.dump("a1", seen)

    assert decoded.load("a1", dumped) is seen, "decoded once"
    assert decoded.load("a1", dumped) is not seen, "whoever loads it owns it"
    decoded.dump("a1", seen)
    assert decoded.load("a1", stored).dump() == stored


def test_few_rows_are_kept_decoded():
    decoded = Decoded()
    for number in range(Decoded.MOST + 1):
        decoded.dump(f"{number}", Seen.load(b""))

    empty = Seen.load(b"").dump()
    first = decoded.load("1", empty)
    assert decoded.load("1", empty) is not first
    assert len(decoded._seen) == Decoded.MOST - 1


def test_a_clock_that_is_set_back_leaves_nothing_that_is_later_than_it():
    seen = Seen.load(b"")
    seen.bound(START_MS)
    seen.bound(START_MS + 200_000)
    assert seen.frames.admits(up(1, "01", 190_000))

    seen.bound(START_MS + 100_000)

    [session] = seen.frames.sessions
    assert (session.since_ms, session.last_ms) == (START_MS + 100_000, START_MS + 100_000)


def test_marks_of_earlier_versions_are_known_and_fifty_repetitions_too():
    frames = Seen.load(b"").frames
    for fcnt in range(100):
        assert frames.admits(up(fcnt, "01", fcnt))
    in_hex = msgspec.json.decode((DATA / "seen_hex_marks.json").read_bytes())
    in_tuples = msgspec.json.decode((DATA / "seen_hex_marks.json").read_bytes())
    [session] = in_tuples["sessions"]
    text = session.pop("newest")
    marks = [text[at : at + 24] for at in range(0, len(text), 24)]
    session["marks"] = [(int(one[:8], 16), one[8:16], one[16:]) for one in marks]

    old = [Seen.load(msgspec.json.encode(row)).frames for row in (in_hex, in_tuples)]
    for kept in (frames, *old):
        assert kept.sessions[0].recent == frames.sessions[0].recent
        assert [kept.admits(up(fcnt, "01", fcnt)) for fcnt in range(37, 100)] == [False] * 63
        other = up(90, "01", 90)
        assert kept.admits(msgspec.structs.replace(other, id="new", data=b"y")), "it restarted"


def test_a_mark_is_not_found_across_two_others():
    session = Session("01", 0, fcnt=0x200, recent="AAECidididdaAAEDidididda")

    assert session.has(0x102, "AAECididid")
    assert not session.has(0x102, "didda"), "where the first mark has its end"
    assert not session.has(0x102, "daAAEDidi")


def test_a_mark_has_three_parts_of_whole_characters():
    one = up(7, "01", 0)
    others = [
        msgspec.structs.replace(one, **change)
        for change in ({"fcnt": 8}, {"id": "x"}, {"data": b"y"})
    ]

    marks = [mark_of(each) for each in (one, *others)]

    assert {len(each) for each in marks} == {MARK}
    assert [each[:OF_FCNT] == marks[0][:OF_FCNT] for each in marks[1:]] == [False, True, True]
    assert [each[OF_FCNT:OF_ID] == marks[0][OF_FCNT:OF_ID] for each in marks[1:]] == [
        True, False, True
    ]  # fmt: skip
    assert [each[OF_ID:] == marks[0][OF_ID:] for each in marks[1:]] == [True, True, False]


def test_a_row_of_sixty_three_frames_fits_into_a_page_beside_its_values():
    """1.2 kB; with marks in hexadecimal it had 2 kB, and every uplink wrote a second page."""
    seen = Seen.load(b"")
    for fcnt in range(100):
        assert seen.frames.admits(up(fcnt, "01", fcnt))

    assert len(seen.dump()) < 0.65 * PAGE_BYTES
