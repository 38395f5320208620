"""One attempt to join or one uplink over LoRaWAN: what came of it, and when the next may go."""

import asyncio
import binascii

from lorawan.mac import MacError
from micropython import const

_TRIES_MS = (10000, 30000, 60000, 300000)  # after an uplink that was not acknowledged
_SILENCE_JOIN = const(16)  # missing acknowledgements until a new join
_SOON_US = const(2000000)  # `join` waits this long by itself
_STUCK_US = const(3600000000)  # a person must act: try again after an hour


class Exchange:
    """`sent` counts uplinks. heard() is called for each downlink that answers one."""

    def __init__(self, mac, clock, log, heard):
        self._mac = mac
        self._clock = clock
        self._log = log
        self._heard = heard
        self.sent = 0
        self._failed = 0
        self._send_us = 0  # no uplink before
        self._join_us = 0  # no attempt to join before
        self._joining = asyncio.Lock()

    def wait_us(self) -> int:
        """Microseconds until the next attempt to join, or the next uplink, may start."""
        mac = self._mac
        now_us = self._clock.us()
        if mac.joined:
            return max(self._send_us - now_us, mac.time_until_tx_us(), 0)
        wait_us = mac.wait_us()
        return max(self._join_us - now_us, wait_us if wait_us >= _SOON_US else 0)

    async def join(self, again: bool = False) -> bool:
        """One attempt, as soon as the rules allow it; none when joined, unless `again`."""
        async with self._joining:
            if self._mac.joined and not again:
                return True
            return await self._join()

    async def _join(self):
        mac = self._mac
        wait_s = mac.wait_us() // 1000000
        if wait_s > 2:
            self._log("join", "next attempt in %d s" % wait_s)
        try:
            joined = await mac.join()
        except MacError as error:
            self._log("join", str(error))
            self._join_us = self._clock.us() + _STUCK_US
            return False
        if joined:
            self._log("join", "joined, DevAddr %s, RSSI %d dBm, SNR %d dB" % (
                binascii.hexlify(mac.dev_addr).decode(), mac.rssi, mac.snr
            ))  # fmt: skip
            self._failed = 0
            self._heard()
        else:
            self._log(
                "join", "no answer; check keys, antenna, and that the network knows the device"
            )
        return joined

    async def send(self, fport: "int | None", data: bytes, confirmed: bool) -> bool:
        """One uplink now; True when acknowledged. fport None: no data."""
        try:
            sent = await self._mac.send(fport, data, confirmed)
        except MacError as error:
            self._log("link", str(error))
            self._back_off()
            return False
        self.sent += 1
        if sent.heard:
            self._heard()
        self._log("link", "port %s, %d bytes, FCnt %d, DR%d%s" % (
            fport, len(data), sent.fcnt, sent.dr,
            {None: "", True: ", acknowledged", False: ", NOT acknowledged"}[sent.acked],
        ))  # fmt: skip
        if sent.acked is False:
            self._back_off()
        elif sent.acked:
            self._failed = 0
        return bool(sent.acked)

    def _back_off(self):
        """Longer and longer; the network may have lost the session: then join again."""
        wait_ms = _TRIES_MS[min(self._failed, len(_TRIES_MS) - 1)]
        self._failed += 1
        self._send_us = self._clock.us() + (wait_ms + self._mac.random() % wait_ms) * 1000
        if self._failed >= _SILENCE_JOIN:
            self._log("link", "%d uplinks were not acknowledged: joining again" % self._failed)
            self._mac.joined = False
