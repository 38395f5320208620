"""Joining over the air: nonces, attempts and the air that they may take.

Loaded for the attempts and unloaded after: on a board its bytecode occupies the heap.
`join` is its blob: DevNonce, JoinNonce and the air spent, saved before every Join-Request.
Source: LoRaWAN TS001-1.0.4, chapters 6.2 and 7.
"""

import struct

from lorawan import activation, const, saved
from lorawan.frame import time_on_air_us
from lorawan.plan import setup

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


class Joining:
    """The attempts from the first to the one that succeeds. `dev_nonce` is the next to be used."""

    def __init__(self, mac, root, identity, store, clock):
        self._mac = mac
        self._root = root
        self._dev_eui, self._join_eui = identity[:2]
        self._store = store
        self._clock = clock
        self._next_us = 0  # no sooner
        self._seed = int.from_bytes(root.cmac(self._dev_eui)[:4], "little") & 0x3FFFFFFF
        blob = store.load("join")
        fields = struct.unpack(_BLOB, blob) if blob else (0, -1, 0, 0, 0)
        self.dev_nonce, self._join_nonce, self._attempts, self._spent_ms, self._saved_s = fields
        self._zero_us = None
        if self._attempts:  # a restart between attempts frees neither hours nor sub-bands
            self._zero_us = clock.us() - self._saved_s * 1000000
            self._next_us = clock.us() + self._plan(-1)[2] * 99000

    def _save(self):
        fields = self.dev_nonce, self._join_nonce, self._attempts, self._spent_ms, self._saved_s
        self._store.save("join", struct.pack(_BLOB, *fields))

    def _elapsed_s(self):
        """Since the first attempt; time without power does not count."""
        return 0 if self._zero_us is None else (self._clock.us() - self._zero_us) // 1000000

    def _plan(self, step=0):
        """(data rate, channels, ms of air) of the next attempt, or of another."""
        plan = self._mac.plan
        dr, channels = setup(plan).join(plan, self._attempts + step, self._seed)
        sf, bw = plan.region.DATARATES[dr]
        return dr, channels, time_on_air_us(sf, bw, _SIZE) // 1000

    def wait_us(self) -> int:
        """Microseconds until the next attempt is allowed; 0: now."""
        _, channels, air_ms = self._plan()
        wait_us = max(self._next_us - self._clock.us(), self._mac.pick(channels)[0])
        elapsed_s = self._elapsed_s()
        end_s, allowed_ms = window(elapsed_s + wait_us // 1000000)
        if window(self._saved_s)[0] == end_s and self._spent_ms + air_ms > allowed_ms:
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

    async def join(self) -> None:
        """One Join-Request and its windows, after `wait_us()`; sets `mac.joined`."""
        mac = self._mac
        await self._clock.sleep_until_us(self._clock.us() + self.wait_us())
        mac.joined = False
        if await self._attempt():
            mac.forget()
            mac.joined = True

    async def _attempt(self):
        mac = self._mac
        saved.forget(mac.session)
        dr, channels, air_ms = self._plan()
        nonce = self._count(air_ms)
        made = activation.request(self._root, self._join_eui, self._dev_eui, nonce)

        def take(data, rssi, snr):
            fields = activation.accept_fields(self._root, data)
            if not fields or int.from_bytes(fields[:3], "little") == self._join_nonce:
                mac.refused += 1
                return False
            self._accepted(fields, nonce, dr)
            mac.rssi = rssi
            mac.snr = snr // 4
            return True

        joined = await self._exchange(made, mac.pick(channels)[1], dr, take)
        self._next_us = self._clock.us() + 1000000 + mac.random() % 7000000
        return joined

    async def _exchange(self, made, channel, dr, take):
        """As an uplink, but with the region's own windows."""
        mac = self._mac
        plan = mac.plan
        mac.duty.network = 0
        mac.duty.last_channel = channel
        tx = plan.up_hz(channel), dr, plan.region.MAX_EIRP_DBM - mac.antenna_dbi
        rx1 = setup(plan).accept_hz(plan, channel), plan.rx1_dr(dr, 0)
        rx2 = plan.region.RX2_FREQ, plan.region.RX2_DR
        return await mac.windows.exchange(made, tx, rx1, rx2, _DELAY_US, take)

    def _accepted(self, fields, nonce, dr):
        """A Join-Accept: its JoinNonce is refused from now on, and the session begins."""
        self._join_nonce = int.from_bytes(fields[:3], "little")
        self._attempts = 0
        self._spent_ms = 0
        self._saved_s = 0
        self._zero_us = None
        self._save()
        session = self._mac.session
        activation.begin(session, fields, nonce, dr)
        session.set_keys(*activation.session_keys(self._root, fields, nonce))
        saved.save(session)
