"""One attempt to join or one uplink over LoRaWAN: what came of it, and when the next may go."""

import asyncio
import binascii

from lorawan.mac import MacError
from micropython import const

_SOON_US = const(2000000)  # `join` waits this long by itself
_STUCK_US = const(3600000000)  # a person must act: try again after an hour


class Exchange:
    """`sent` counts uplinks. heard() is called for each downlink that answers one."""

    def __init__(self, mac, clock, log, heard, silence):
        self._mac = mac
        self._clock = clock
        self._log = log
        self._heard = heard
        self.silence = silence
        self.sent = 0
        self._join_us = 0  # no attempt to join before
        self._send_us = 0  # no uplink before
        self._joining = asyncio.Lock()

    def wait_us(self, waiting: bool) -> "int | None":
        """Microseconds until an attempt to join or an uplink may start; None: neither is due.

        waiting: is there anything to send?
        """
        join_us = self._join_wait_us()
        if not self._mac.joined:
            return join_us
        send_us = self.silence.wait_us(waiting)
        if send_us is not None:
            send_us = max(send_us, self._send_us - self._clock.us())
        if send_us is None or join_us is None:
            return join_us if send_us is None else send_us
        return min(send_us, join_us)

    def joins(self) -> bool:
        """Is an attempt to join due?"""
        return self._join_wait_us() == 0

    def _join_wait_us(self):
        if self._mac.joined:
            wait_us = self.silence.join_wait_us()
            if wait_us is None:
                return None
        else:
            wait_us = self._mac.wait_us()
        return max(self._join_us - self._clock.us(), wait_us if wait_us >= _SOON_US else 0)

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
            self._heard()
        else:
            self._log(
                "join", "no answer; check keys, antenna, and that the network knows the device"
            )
        return joined

    def spread(self, s: int) -> None:
        """Delay the next uplink at random, by half of `s` to two and a half times it."""
        if s:
            wait_ms = 500 * s + self._mac.random() % (2000 * s)
            self._send_us = self._clock.us() + wait_ms * 1000

    async def send(self, fport: "int | None", data: bytes, confirmed: bool) -> "bool | None":
        """One uplink now; True: acknowledged, None: not sent. fport None: no data."""
        mac = self._mac
        silence = self.silence
        mac.wants_answer = silence.silent
        try:
            sent = await mac.send(fport, data, confirmed)
        except MacError as error:
            self._log("link", str(error))
            silence.missed()
            return None
        self.sent += 1
        if sent.heard:
            self._heard()
        self._log("link", "port %s, %d bytes, FCnt %d, DR%d%s" % (
            fport, len(data), sent.fcnt, sent.dr,
            {None: "", True: ", acknowledged", False: ", NOT acknowledged"}[sent.acked],
        ))  # fmt: skip
        if sent.acked is False or (mac.wants_answer and not sent.heard):
            silence.missed()
        return bool(sent.acked)
