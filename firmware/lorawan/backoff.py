"""The law of repeated attempts, and when the next one goes out.

Join-Requests, and confirmed uplinks that are repeated, may take 36 s of air in the first hour
without an answer, 36 s in the ten hours after it, and 8.7 s in each 24 hours from there.
Attempts are spread over these hours, since nobody knows when the network returns: in the first
hour each is followed by a pause of at least 100 times its air; later one goes out in every slot of
`region.JOIN_EVERY_S`. `region.JOIN_DRS` has the data rates: mostly fast ones, now and then the
slowest. Loaded with `join`.  Source: LoRaWAN TS001-1.0.4, chapter 7.
"""

import struct

from lorawan import const

_BLOB = "<HiHIIB"  # DevNonce next, JoinNonce last, attempts, air ms, s since the first, DevNonce's
_BLOB_SIZE = const(17)  # bit 16; then marks. Until 0.2 a blob ended before this bit.
_MARKS = const(32)  # bytes
_FIRST_S = const(3600)
_LATER_S = const(39600)
_DAY_S = const(86400)
_SLOTS_S = const(3000)  # the pace changes before the law's hours do: whoever counts them may have
_DAILY_S = const(37440)  # begun at a frame that this side did not count
_PAUSE = const(100)  # 1 % of the first hour
_SPREAD_MS = const(30000)
_RESTART_MS = const(60000)


def window(elapsed_s: int) -> tuple:
    """(end in s since the first attempt, ms of air until then)."""
    if elapsed_s < _FIRST_S:
        return _FIRST_S, 36000
    if elapsed_s < _LATER_S:
        return _LATER_S, 36000
    return _LATER_S + ((elapsed_s - _LATER_S) // _DAY_S + 1) * _DAY_S, 8700


def tier(elapsed_s: int) -> int:
    """Index in `region.JOIN_DRS` and `JOIN_EVERY_S`: 0: first hour, 1: the next ten, 2: later."""
    return (elapsed_s >= _SLOTS_S) + (elapsed_s >= _DAILY_S)


def pause_ms(elapsed_ms: int, air_ms: int, every_s: tuple, seed: int, draw: int) -> int:
    """From the end of an attempt to the next.

    every_s: slots of the tiers, s; 0: by the air.  draw: a random number.  seed: a number of this
    device: slots of a street that lost its network at once begin at different times. An attempt is
    at a random place in the first eighth of its slot.
    """
    slot_ms = every_s[tier(elapsed_ms // 1000)] * 1000
    if not slot_ms:
        return air_ms * _PAUSE + draw % (air_ms * _PAUSE // 2 + _SPREAD_MS)
    return slot_ms - (elapsed_ms + seed) % slot_ms + draw % (slot_ms // 8)


def restart_ms(air_ms: int, draw: int) -> int:
    """From a start of the board to the next attempt, after one of `air_ms`."""
    return air_ms * _PAUSE + draw % _RESTART_MS


class Backoff:
    """The blob `join`: nonces, and what attempts have used up, all 0 while the network answers.

    dev_nonce: the next.  join_nonce: the last accepted, -1: none.  marks: of the last eight, each
    four bytes of a CMAC.  attempts: Join-Requests since the last answer.  spent_ms: air in the
    present window.  at_s: seconds from the first attempt to the last, without the time that the
    board was off: a restart frees neither hours nor air.

    JoinNonces are compared with those accepted, not with the highest: they never repeat, but need
    not grow (TS001-1.0.4, 6.2.6), and a network server that registers the device again starts at
    0, which would refuse it for as many attempts as there were joins.
    """

    def __init__(self, store):
        self._store = store
        blob = store.load("join") or struct.pack(_BLOB, 0, -1, 0, 0, 0, 0)
        fields = struct.unpack(_BLOB, (blob + b"\0")[:_BLOB_SIZE])
        low, self.join_nonce, self.attempts, self.spent_ms, self.at_s, high = fields
        self.dev_nonce = low | high << 16
        self.marks = blob[_BLOB_SIZE:]

    @property
    def begun(self) -> bool:
        """Is an attempt without an answer on record?"""
        return bool(self.attempts or self.spent_ms)

    def save(self) -> None:
        """On flash when it returns.

        Where flash fails, a DevNonce may come again after a restart: the network refuses it, and
        the next is tried.
        """
        nonce = self.dev_nonce
        blob = struct.pack(
            _BLOB, nonce & 0xFFFF, self.join_nonce, self.attempts, self.spent_ms, self.at_s,
            nonce >> 16,
        )  # fmt: skip
        try:
            self._store.save("join", blob + self.marks)
        except OSError:
            pass

    def is_known(self, join_nonce: int, mark: bytes) -> bool:
        """Was a Join-Accept with this JoinNonce accepted, as the last or under the same AppKey?"""
        return join_nonce == self.join_nonce or mark in self.marks

    def accept(self, join_nonce: int, mark: bytes) -> None:
        """A Join-Accept was accepted."""
        self.join_nonce = join_nonce
        self.marks = (mark + self.marks)[:_MARKS]

    def over(self) -> None:
        """The network answered."""
        self.attempts = 0
        self.spent_ms = 0
        self.at_s = 0

    def spend(self, elapsed_s: int, air_ms: int) -> None:
        """An attempt's air, `elapsed_s` after the first one."""
        if window(elapsed_s)[0] != window(self.at_s)[0]:
            self.spent_ms = 0
        self.at_s = elapsed_s
        self.spent_ms += air_ms

    def wait_s(self, elapsed_s: int, air_ms: int) -> int:
        """Seconds until the window allows an attempt of `air_ms`; 0: now."""
        end_s, allowed_ms = window(elapsed_s)
        if window(self.at_s)[0] == end_s and self.spent_ms + air_ms > allowed_ms:
            return end_s - elapsed_s
        return 0
