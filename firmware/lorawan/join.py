"""Joining over the air, also again beside a session that goes on until the Join-Accept.

Loaded for an attempt and unloaded after it: on a board its bytecode occupies the heap.
Boards that get power together count time from the same instant, so attempts begin in slots, and
the slot gives the channel: two requests that a radio gateway hears at once cost a Join-Accept in
RX2, 1.8 s in which it hears nobody. Join channels share a sub-band: all are free, or none.
`backoff` has what lasts: DevNonce, JoinNonce and the air spent, saved before every Join-Request.
Source: LoRaWAN TS001-1.0.4, chapters 6.2 and 7.
"""

from lorawan import activation, backoff, const, saved
from lorawan.crypto import Key
from lorawan.frame import time_on_air_us
from lorawan.plan import setup

_SIZE = const(23)
_DELAY_US = const(5000000)
_SLOT_US = const(125000)  # a Join-Request at SF7 and the gap that its Join-Accept needs
_LAST_NONCE = const(65535)


class Joining:
    """The next attempt. mac: its `silent_us` and `join_us` are kept here.

    identity: DevEUI, JoinEUI, AppKey.
    """

    def __init__(self, mac, aes, identity, store, clock):
        self._mac = mac
        self._dev_eui, self._join_eui, app_key = identity
        self._root = Key(aes, app_key)
        self._clock = clock
        self._seed = int.from_bytes(self._root.cmac(self._dev_eui)[:4], "little") & 0x3FFFFFFF
        self.used = backoff.Backoff(store)

    def restarted(self) -> None:
        """The board has started: the hours without an answer go on where they stopped."""
        used = self.used
        if used.begun:
            mac = self._mac
            mac.silent_us = self._clock.us() - used.at_s * 1000000
            wait_ms = backoff.restart_ms(self._rate(-1)[2], mac.random())
            mac.join_us = self._clock.us() + wait_ms * 1000

    def _elapsed_ms(self):
        """Since the first attempt."""
        silent_us = self._mac.silent_us
        return 0 if silent_us is None else (self._clock.us() - silent_us) // 1000

    def _rate(self, step=0):
        """(data rate, channels, ms of air) of the next attempt, or of another."""
        plan = self._mac.plan
        attempt = max(self.used.attempts + step, 0)
        tier = backoff.tier(self._elapsed_ms() // 1000)
        dr, channels = setup(plan).join(plan, attempt, self._seed, tier)
        sf, bw = plan.region.DATARATES[dr]
        return dr, channels, -(-time_on_air_us(sf, bw, _SIZE) // 1000)

    def wait_us(self) -> int:
        """Microseconds until the next attempt is allowed; 0: now."""
        mac = self._mac
        _, channels, air_ms = self._rate()
        wait_us = max(mac.join_us - self._clock.us(), mac.duty.pick(channels, mac.random)[0])
        at_s = self._elapsed_ms() // 1000 + wait_us // 1000000
        return wait_us + self.used.wait_s(at_s, air_ms) * 1000000

    def spend(self, air_us: int, from_us: int) -> None:
        """Air of a confirmed uplink that went unanswered, first sent at `from_us`.

        On flash when it returns.
        """
        mac = self._mac
        if mac.silent_us is None:
            mac.silent_us = from_us
        self.used.spend(self._elapsed_ms() // 1000, -(-air_us // 1000))
        self.used.save()

    def answered(self) -> None:
        """A downlink: the hours without an answer are over. On flash when it returns."""
        self.used.over()
        self.used.save()
        mac = self._mac
        mac.silent_us = None
        mac.join_us = 0
        mac.heard_us = self._clock.us()

    async def join(self) -> None:
        """One Join-Request and its windows, after `wait_us()`. A Join-Accept begins a session.

        Without one a session that there is goes on.
        """
        mac, used = self._mac, self.used
        slot = -(-(self._clock.us() + self.wait_us()) // _SLOT_US)
        dr, channels, air_ms = self._rate()
        if channels[slot % len(channels)] == mac.duty.last_channel:
            slot += 1
        await self._clock.sleep_until_us(slot * _SLOT_US)
        if mac.silent_us is None:
            mac.silent_us = self._clock.us()
        used.spend(self._elapsed_ms() // 1000, air_ms)
        used.attempts = (used.attempts + 1) & 0xFFFF
        nonce = used.dev_nonce
        used.dev_nonce += 1
        used.save()
        if not await self._attempt(nonce, dr, channels[slot % len(channels)]):
            wait_ms = backoff.pause_ms(
                self._elapsed_ms(), air_ms, mac.plan.region.JOIN_EVERY_S, self._seed, mac.random()
            )
            mac.join_us = self._clock.us() + wait_ms * 1000

    def exhausted(self) -> bool:
        """Are all DevNonces used?"""
        return self.used.dev_nonce > _LAST_NONCE

    async def _attempt(self, nonce, dr, channel):
        mac = self._mac
        made = activation.request(self._root, self._join_eui, self._dev_eui, nonce)

        def take(data, rssi, snr):
            fields = activation.accept_fields(self._root, data)
            if not fields or self.used.is_known(*self._nonce(fields)):
                mac.refused += 1
                return False
            self._accepted(fields, nonce, dr)
            mac.rssi = rssi
            mac.snr = (snr + 2) // 4
            return True

        return await self._exchange(made, channel, dr, take)

    def _nonce(self, fields):
        """(JoinNonce, a mark of it under this AppKey)."""
        return int.from_bytes(fields[:3], "little"), self._root.cmac(fields[:3])[:4]

    async def _exchange(self, made, channel, dr, take):
        """As an uplink, but with the region's own windows."""
        mac = self._mac
        plan = mac.plan
        mac.duty.network = 0
        mac.duty.last_channel = channel
        tx = plan.up_hz(channel), dr, plan.region.MAX_EIRP_DBM - mac.antenna_dbi
        rx1 = setup(plan).accept_hz(plan, channel), plan.rx1_dr(dr, 0)
        rx2 = plan.region.RX2_FREQ, plan.region.RX2_DR
        return await mac.windows.exchange(made, tx, rx1, rx2, _DELAY_US, take, joining=True)

    def _accepted(self, fields, nonce, dr):
        """A Join-Accept: its JoinNonce is refused from now on, and the session begins."""
        self.used.accept(*self._nonce(fields))
        self.used.save()
        mac = self._mac
        session = mac.session
        activation.begin(session, fields, nonce, dr)
        session.set_keys(*activation.session_keys(self._root, fields, nonce))
        saved.save(session)
        self.answered()  # not sooner: after a power cut before it, attempts go on at once
        mac.forget()
        mac.joined = True
