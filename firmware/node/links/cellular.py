"""Cellular: a modem's own MQTT over TLS to the gateway's broker. /cellular.json has what it needs.

    {"apn": "iot.example", "broker": "mqtt.example:8883", "token": "...", "pin": "1234"}

and `"bearer": "nb-iot"` where it is not `lte-m`. Beside it lies /ca.pem, the authority that signs
the broker's certificate. Up go messages of the gateway's form (`gateway/networks/_uplink.py`), a
frame of the outbox each; down come `ack FCNT MORE` once that message is stored, with how many
commands follow, and `cmd ID FPORT BASE64`. There are no quotes in them: a modem's line has no way
to escape them.
"""

import asyncio
import random

from micropython import const
from unload import unload

from node.links.cellular_connecting import Connecting
from node.links.cellular_messages import Messages
from node.modems import ModemError

NEEDED = ("dev_eui",)
_ROOM = const(220)  # bytes of a frame: its message stays below 512
_FIRST_US = const(30000000)
_LAST_US = const(3600000000)


class Link:
    """The contract is in `node.links`."""

    broken = False

    def __init__(self, node):
        from node.links import cellular_start

        unload("node.links.cellular_start")
        self._node = node
        settings = cellular_start.settings(node)
        self.modem = cellular_start.modem(node, self._pause, settings)
        bearer = settings.get("bearer", "lte-m")
        self.messages = Messages(node, self.modem, bearer, self._pause)
        self._connecting = Connecting(node, self.modem)
        self.ready = False
        self._failures = 0
        self._next_us = 0
        self._listening = None

    async def _pause(self, ms):
        self._node.power.feed()
        await asyncio.sleep_ms(ms)

    def wait_us(self) -> "int | None":
        """Microseconds until it connects, sends or rests; None: nothing to do."""
        node = self._node
        if self.ready and self.modem.lost:
            return 0
        if node.outbox.empty() and self.ready != node.power.sleeper:
            return None  # on mains it stays connected, a sleeper stays away
        return max(0, self._next_us - node.clock.us())

    async def run_once(self) -> str:
        """One step of connecting, one message, or to rest. OSError: the modem is silent."""
        try:
            return await self._turn()
        except ModemError as error:
            self._down(str(error))
            return "failed"
        except OSError:
            self.broken = True
            self._begin()
            raise

    async def _turn(self):
        if not self.ready:
            await self._connect()
            return "join"
        if self.modem.lost:
            raise ModemError("the broker or the network is lost")
        if self._node.outbox.empty():
            self._begin()
            await self.modem.rest()
            return "rest"
        async with self._node.lock:
            await self._report()
        return "report"

    async def _connect(self):
        wait_us = await self._connecting.step()
        self._next_us = self._node.clock.us() + wait_us
        if self._connecting.done:
            self.messages.signal = self._connecting.signal
            self.ready = True

    def _begin(self):
        self.ready = False
        self._connecting.again()

    def _down(self, why):
        """Log why; the next attempt waits longer and longer, up to an hour."""
        self._begin()
        wait_us = min(_FIRST_US << min(self._failures, 7), _LAST_US)
        self._failures += 1
        wait_us -= random.getrandbits(16) * (wait_us >> 18)  # up to a quarter: not all at once
        self._next_us = self._node.clock.us() + wait_us
        self._node.log("link", "%s; next attempt in %d s" % (why, wait_us // 1000000))

    async def _report(self):
        outbox = self._node.outbox
        frame = await outbox.next(_ROOM, True)
        if not frame:
            return
        acked = None  # nothing was sent, as far as we know
        try:
            acked = await self.messages.send(frame[0], frame[1])
        finally:
            outbox.done(acked)
        if not acked:
            raise ModemError("the broker has the message, and the gateway does not answer")
        self._failures = 0

    # --- the contract's rest ---------------------------------------------------------------------

    def listen(self) -> None:
        """Hear commands between our own messages, where the node does not sleep."""
        self.broken = False
        if not self._node.power.sleeper and not self._listening:
            self._listening = asyncio.create_task(self._listen())

    async def _listen(self):
        while True:
            await asyncio.sleep_ms(100)
            if self.ready and not self._node.lock.locked():
                self.messages.hear()
                if self.modem.lost:
                    self._node.wake.set()

    def facts(self) -> list:
        """For `info`."""
        rsrp, sinr = self.messages.signal
        return [("rsrp", rsrp), ("sinr", sinr), ("sent", self.messages.sent)]

    @staticmethod
    def console() -> tuple:
        """It has no command of its own."""
        return ()
