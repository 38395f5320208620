"""How the node talks over LoRaWAN. What the network server sends goes to the node."""

import binascii

from lorawan.crypto import aes
from lorawan.mac import Mac
from micropython import const
from unload import unload

from node import part
from node.links.lorawan_exchange import Exchange
from node.links.lorawan_silence import Silence
from node.record import READING_SIZE

NEEDED = ("dev_eui", "join_eui", "app_key")

_TIME_EVERY_S = const(86400)
_TIME_ERROR_MS = const(100)  # TS001-1.0.4, 5.10


class Link:
    """The contract is in `node.links`. For the console: `mac`, `radio`, `exchange`."""

    def __init__(self, node, radio=None):
        self._node = node
        config = node.config
        self.radio = radio = radio or _radio(node)
        region = part("region", "lorawan.region", config["region"])
        keys = [binascii.unhexlify(config[name]) for name in NEEDED]
        self.mac = mac = Mac(radio, node.clock, radio.random, aes, node.store, region, *keys)
        mac.lock = node.lock
        # the MAC's own defaults take anything and answer 255
        mac.on_downlink = self._downlink  # pyright: ignore[reportAttributeAccessIssue]
        mac.on_time = self._time  # pyright: ignore[reportAttributeAccessIssue]
        mac.battery = self._battery  # pyright: ignore[reportAttributeAccessIssue]
        node.window_in_ms = radio.window_in_ms
        silence = Silence(mac, node.clock, config, node.power)
        self.exchange = Exchange(mac, node.clock, node.log, node.heard, silence)
        self.broken = False
        self._time_set_s = None

    @property
    def ready(self) -> bool:
        """Joined."""
        return self.mac.joined

    def wait_us(self) -> "int | None":
        """Microseconds until the next attempt to join, or uplink; None: nothing to send."""
        return self.exchange.wait_us(self.mac.uplink_wanted or not self._node.outbox.empty())

    async def run_once(self) -> str:
        """One attempt to join, or one uplink of what waits. RadioError passes through."""
        try:
            if self.exchange.joins():
                if await self.exchange.join(self.mac.joined):
                    self.exchange.spread(self._node.spread_s)
                    self._node.spread_s = 0
                return "join"
            await self._report()
            return "report"
        except OSError:
            self.broken = True
            raise

    async def _report(self):
        mac = self.mac
        outbox = self._node.outbox
        exchange = self.exchange
        self._ask_time()
        asks = exchange.silence.asks()
        room = mac.max_payload()
        if asks is False and not self._node.config["repeat"]:  # unheard, one reading is enough
            room = READING_SIZE + 1
        frame = await outbox.next(room, asks)
        if frame:
            outbox.done(await exchange.send(*frame))
        elif outbox.empty():
            await exchange.send(None, b"", bool(asks))
        else:  # all of it was sent, and nothing is acknowledged yet
            outbox.done(await exchange.send(None, b"", asks is not False))

    def listen(self) -> None:
        """Class A or C by the profile; restart the radio after an error. Raises RadioError."""
        if self.broken:
            self.radio.start()
            self.broken = False
        self.mac.set_class("A" if self._node.power.sleeper else "C")

    def facts(self) -> list:
        """For `info`."""
        address = self.mac.dev_addr
        return [("dev_addr", binascii.hexlify(address).decode() if address else None)]

    @staticmethod
    def console() -> tuple:
        """The commands `join` and `link`."""
        from node.links import lorawan_console

        unload("node.links.lorawan_console")
        return lorawan_console.TABLE

    # --- what the MAC reports -------------------------------------------------------------------

    def _downlink(self, fport, data, _confirmed):
        self._node.received(fport, data)

    def _ask_time(self):
        """DeviceTimeReq with each uplink until it is answered, and again a day after that."""
        set_s = self._time_set_s
        if set_s is None or self._node.clock.uptime_s() - set_s >= _TIME_EVERY_S:
            self.mac.ask_time()

    def _time(self, unix_us, at_us):
        self._time_set_s = self._node.clock.uptime_s()
        self._node.clock.set_unix(unix_us, at_us, _TIME_ERROR_MS)
        self._node.log(
            "clock",
            "set by the network to %d, within %d ms" % (unix_us // 1000000, _TIME_ERROR_MS),
        )

    def _battery(self):
        """DevStatusAns: 0 on mains, a cell by its voltage 1..254, 255 where none is measured."""
        power = self._node.power
        if not power.sleeper:
            return 0
        battery_mv = power.battery_mv()
        if not battery_mv:
            return 255
        return max(1, min(254, (battery_mv - 3000) * 254 // 1200))


def _radio(node):
    """The radio that the board names. Raises ConfigError or RadioError."""
    from node import wiring

    return wiring.radio(node.board, node.clock)
