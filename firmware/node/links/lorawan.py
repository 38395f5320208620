"""How the node talks: readings, reports and commands over LoRaWAN.

Reports (start, applied commands) go before readings and are repeated until acknowledged. Of the
readings every n-th uplink asks for an acknowledgement; without one, all since the last go again.
"""

import asyncio
import binascii

from lorawan.crypto import aes
from lorawan.mac import Mac, MacError
from micropython import const
from unload import unload
from wire import codec

from node.record import READING_SIZE

_TRIES_MS = (10000, 30000, 60000, 300000)  # after an uplink that nobody acknowledged
_LOAD_MS = const(150)  # as node.app's
_SILENCE_JOIN = const(16)  # acknowledgements that never came, then a new join
_TIME_EVERY_S = const(86400)
_TIME_ERROR_MS = const(100)  # TS001-1.0.4, 5.10


class Link:
    """`run_once` sends what waits. `inbox`: downlinks (fport, data) until somebody acts."""

    def __init__(self, radio, clock, store, journal, config, log):
        self._radio, self._clock, self._journal = radio, clock, journal
        self._config, self._log = config, log
        region = __import__("lorawan.region." + config["region"], None, None, ("*",))
        keys = [binascii.unhexlify(config[n]) for n in ("dev_eui", "join_eui", "app_key")]
        self.mac = mac = Mac(radio, clock, radio.random, aes, store, region, *keys)
        mac.on_downlink = self._downlink
        mac.on_time = self._time
        self.inbox = []
        self.came = asyncio.Event()
        self.heard = lambda: None
        self.gap = None  # async: waits until no window opens within so many ms
        self.boots = config.boots
        self._reports = []
        self._unacked = 0  # uplinks with readings since the last acknowledgement was asked for
        self._failed = 0
        self._not_before_us = 0
        self._time_asked_s = None
        self.sent = 0
        self.lock = mac.lock
        self._joining = asyncio.Lock()

    def battery(self, power, sleeper) -> None:
        """What a DevStatusReq is answered: mains 0, a cell by its voltage 1..254, unknown 255."""

        def level():
            battery_mv = power.battery_mv() if sleeper else 0
            if not battery_mv:
                return 255 if sleeper else 0
            return max(1, min(254, (battery_mv - 3000) * 254 // 1200))

        self.mac.battery = level

    # --- what comes from the network ------------------------------------------------------------

    def _downlink(self, fport, data, _confirmed):
        self.inbox.append((fport, data))
        self.came.set()

    def _time(self, unix_us, at_us):
        self._clock.set_unix(unix_us, at_us, _TIME_ERROR_MS)
        self._log(
            "clock", "the network says %d, within %d ms" % (unix_us // 1000000, _TIME_ERROR_MS)
        )

    # --- joining --------------------------------------------------------------------------------

    async def join(self, again: bool = False) -> bool:
        """One attempt, as soon as the rules allow it; none when joined, unless `again`."""
        async with self._joining:
            if self.mac.joined and not again:
                return True
            return await self._join()

    async def _join(self):
        mac = self.mac
        wait_s = mac.wait_us() // 1000000
        if wait_s > 2:
            self._log("join", "next attempt in %d s" % wait_s)
        try:
            joined = await mac.join()
        except MacError as error:
            self._log("join", str(error))
            return False
        if joined:
            self._log("join", "joined, DevAddr %s, RSSI %d dBm, SNR %d dB" % (
                binascii.hexlify(mac.dev_addr).decode(), mac.rssi, mac.snr
            ))  # fmt: skip
            self._time_asked_s = None
            self._failed = 0
            self.heard()
        else:
            self._log(
                "join", "no answer; check keys, antenna, and that the network knows the device"
            )
        return joined

    # --- sending --------------------------------------------------------------------------------

    def report(self, name: str, values: dict) -> None:
        """Queue one payload that goes before readings, until acknowledged."""
        self._reports.append((name, values))

    def idle(self) -> bool:
        """Is there nothing to send?"""
        return not (self._reports or self.mac.uplink_wanted) and self._journal.idle()

    def wait_us(self) -> "int | None":
        """Microseconds until what waits may be sent; None: nothing waits, or not joined."""
        if self.idle() or not self.mac.joined:
            return None
        return max(self._not_before_us - self._clock.us(), self.mac.time_until_tx_us(), 0)

    async def run_once(self) -> None:
        """Send one uplink of what waits. RadioError passes through."""
        mac = self.mac
        self._ask_time()
        if self._reports:
            fport, data = await self._report()
            if await self.send(fport, data, True):
                self._reports.pop(0)
            return
        fit = (mac.max_payload() - 1) // READING_SIZE  # one byte says how long a record is
        batch = self._journal.batch(max(1, fit - 1))
        if batch:
            before = self._journal.before(batch) if fit > 1 else []
            await self._send_readings(before, batch)
        elif mac.uplink_wanted:
            await self.send(None, b"", False)

    async def _report(self):
        """Port and bytes of the report that is first; the table is loaded to make them."""
        name, values = self._reports[0]
        if type(name) is str:
            if self.gap:
                await self.gap(_LOAD_MS)
            self._reports[0] = codec.entry(name)[0], codec.frame([codec.pack(name, values)])
            unload("wire.schema")
        return self._reports[0]

    async def _send_readings(self, before, batch):
        every = self._config["confirm_every"]
        self._unacked += 1
        confirmed = bool(every) and self._unacked >= every
        clock = self._clock
        now_s, unix = clock.uptime_s(), clock.unix()
        records = []
        for one in before + batch:  # the one before again: a lost frame leaves no hole
            age_s = one.age_s(self.boots, now_s, unix)
            records.insert(0, one.data if age_s == 0 else codec.set_age(one.data, age_s))
        self._journal.sent(batch)
        acked = await self.send(batch[0].fport, codec.frame(records), confirmed)
        if acked or (not every and not confirmed):
            self._journal.acked()
        if acked:
            self._unacked = 0
        elif confirmed:
            self._journal.lost()

    async def send(self, fport: "int | None", data: bytes, confirmed: bool) -> bool:
        """One uplink now; True when acknowledged. fport None: no data."""
        mac = self.mac
        try:
            sent = await mac.send(fport, data, confirmed)
        except MacError as error:
            self._log("link", str(error))
            self._back_off()
            return False
        self.sent += 1
        if sent.heard:
            self.heard()
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
        """Longer and longer; the network may have forgotten us: then join anew."""
        wait_ms = _TRIES_MS[min(self._failed, len(_TRIES_MS) - 1)]
        self._failed += 1
        self._not_before_us = self._clock.us() + (wait_ms + self._radio.random() % wait_ms) * 1000
        if self._failed >= _SILENCE_JOIN:
            self._log("link", "nobody answers; joining anew")
            self._failed = 0
            self.mac.joined = False

    def _ask_time(self):
        now_s = self._clock.uptime_s()
        if self._time_asked_s is None or now_s - self._time_asked_s >= _TIME_EVERY_S:
            self._time_asked_s = now_s
            self.mac.ask_time()
