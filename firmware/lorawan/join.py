"""Joining over the air: frames, nonces, back-off, and the session that comes of it.

Loaded for the attempts and unloaded after: on a board its bytecode would lie in the heap for ever.
`join` is its blob: DevNonce, JoinNonce and the air spent, saved before every Join-Request.
Source: LoRaWAN TS001-1.0.4, chapters 6.2 and 7.
"""

import struct

from lorawan import const, saved

_BLOB = "<HiHII"  # DevNonce next, JoinNonce last, attempts, spent ms, elapsed s
_SIZE = const(23)
_DELAY_US = const(5000000)


def window(elapsed_s: int) -> tuple:
    """(end in s since the first attempt, ms of air until then). Source: TS001-1.0.4, 7."""
    if elapsed_s < 3600:
        return 3600, 36000
    if elapsed_s < 39600:
        return 39600, 36000
    return 39600 + ((elapsed_s - 39600) // 86400 + 1) * 86400, 8700


def request(key, join_eui: bytes, dev_eui: bytes, dev_nonce: int) -> bytes:
    """A Join-Request. key: the AppKey. EUIs in the order they are printed."""
    flipped = bytes(reversed(dev_eui + join_eui))
    body = b"\x00" + flipped + struct.pack("<H", dev_nonce)
    return body + key.cmac(body)[:4]


def accept_fields(key, data: bytes) -> "bytes | None":
    """A Join-Accept's fields from JoinNonce to CFList, or None if it is none or not for us."""
    if len(data) not in (17, 33) or data[0] != 0x20:
        return None
    clear = data[:1] + key.ecb.encrypt(data[1:])
    return clear[1:-4] if key.cmac(clear[:-4])[:4] == clear[-4:] else None


def session_keys(key, fields: bytes, dev_nonce: int) -> tuple:
    """(NwkSKey, AppSKey) from a Join-Accept's fields."""
    tail = fields[:6] + struct.pack("<H", dev_nonce) + bytes(7)
    return key.ecb.encrypt(b"\x01" + tail), key.ecb.encrypt(b"\x02" + tail)


class Joining:
    """The attempts from the first to the one that succeeds. `dev_nonce` is the next to be used."""

    def __init__(self, mac, root, identity, store, clock):
        self._mac = mac
        self._root = root
        self._dev_eui, self._join_eui = identity[:2]
        self._store = store
        self._clock = clock
        self._next_us = 0  # no sooner
        self._channels = [[freq, freq, 0] for freq in mac.region.CHANNELS]
        blob = store.load("join")
        fields = struct.unpack(_BLOB, blob) if blob else (0, -1, 0, 0, 0)
        self.dev_nonce, self._join_nonce, self._attempts, self._spent_ms, self._saved_s = fields
        self._zero_us = None
        if self._attempts:  # a restart between attempts frees neither hours nor sub-bands
            self._zero_us = clock.us() - self._saved_s * 1000000
            self._next_us = clock.us() + self._rate(-1)[1] * 99000

    def _save(self):
        fields = self.dev_nonce, self._join_nonce, self._attempts, self._spent_ms, self._saved_s
        self._store.save("join", struct.pack(_BLOB, *fields))

    def _elapsed_s(self):
        """Since the first attempt; time without power does not count."""
        return 0 if self._zero_us is None else (self._clock.us() - self._zero_us) // 1000000

    def _rate(self, step=0):
        """(data rate, ms of air) of the next attempt, or of another."""
        dr = self._mac.region.join_dr(self._attempts + step)
        return dr, self._mac.air_us(dr, _SIZE) // 1000

    def wait_us(self) -> int:
        """Microseconds until the next attempt is allowed; 0: now."""
        wait_us = max(self._next_us - self._clock.us(), self._mac.pick(self._channels)[0])
        elapsed_s = self._elapsed_s()
        end_s, allowed_ms = window(elapsed_s + wait_us // 1000000)
        if window(self._saved_s)[0] == end_s and self._spent_ms + self._rate()[1] > allowed_ms:
            return (end_s - elapsed_s) * 1000000
        return wait_us

    def _count(self, air_ms):
        """The DevNonce to use now; on flash as used, with its air, when it returns."""
        if self._zero_us is None:
            self._zero_us = self._clock.us()
        elapsed_s = self._elapsed_s()
        if window(elapsed_s)[0] != window(self._saved_s)[0]:
            self._spent_ms = 0
        self._saved_s = elapsed_s
        self._spent_ms += air_ms
        self._attempts = (self._attempts + 1) & 0xFFFF
        self.dev_nonce += 1
        self._save()
        return self.dev_nonce - 1

    async def attempt(self) -> bool:
        """One Join-Request and its windows. True when the network let us in."""
        mac = self._mac
        saved.forget(mac.session)
        dr, air_ms = self._rate()
        nonce = self._count(air_ms)
        made = request(self._root, self._join_eui, self._dev_eui, nonce)

        def take(data, rssi, snr):
            fields = accept_fields(self._root, data)
            if not fields or int.from_bytes(fields[:3], "little") == self._join_nonce:
                mac.refused += 1
                return False
            self._accepted(fields, nonce, dr)
            mac.rssi, mac.snr = rssi, snr // 4
            return True

        joined = await mac.exchange(made, mac.pick(self._channels)[1], dr, _DELAY_US, take)
        self._next_us = self._clock.us() + 1000000 + mac.random() % 7000000
        return joined

    def _accepted(self, fields, nonce, dr):
        """The network let us in: this JoinNonce is refused from now on, the session begins."""
        self._join_nonce = int.from_bytes(fields[:3], "little")
        self._attempts = self._spent_ms = self._saved_s = 0
        self._zero_us = None
        self._save()
        begin(self._mac.session, self._mac.region, fields, nonce, dr)
        self._mac.session.set_keys(*session_keys(self._root, fields, nonce))
        saved.save(self._mac.session)


def begin(session, region, fields: bytes, dev_nonce: int, dr: int) -> None:
    """Set a session's counters and parameters from a Join-Accept's fields."""
    session.fcnt_up = session.reserved = session.unanswered = 0
    session.fcnt_down = -1
    session.tag = dev_nonce
    session.addr = fields[6:10]
    session.rx1_offset = min(fields[10] >> 4 & 7, region.RX1_OFFSET_MAX)
    session.rx2_dr = fields[10] & 15
    if session.rx2_dr >= len(region.DATARATES):
        session.rx2_dr = region.RX2_DR
    session.rx2_freq = region.RX2_FREQ
    session.rx_delay_s = fields[11] & 15 or 1
    session.dr, session.power, session.repeats, session.duty = dr, 0, 1, 0
    rates = region.CHANNEL_DR[1] << 4
    session.channels = [[freq, freq, rates] for freq in region.CHANNELS]
    if len(fields) > 12 and fields[27] == 0:
        for at in range(12, 27, 3):
            freq = int.from_bytes(fields[at : at + 3], "little") * 100
            freq = freq if region.band(freq) >= 0 else 0
            session.channels.append([freq, freq, rates])
    session.mask = sum([1 << at for at, one in enumerate(session.channels) if one[0]])
