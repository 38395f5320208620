"""From a modem without power to a session with the broker, a step at a time."""

from micropython import const

from node.modems import ModemError

_LOOK_US = const(2000000)  # between looks at the registration
_SEARCH_US = const(180000000)
_TIME_ERROR_MS = const(2000)


class Connecting:
    """`done`: the session stands. signal: (RSRP dBm, SINR dB) at that time.

    Its steps are short where they can be, for the node measures between them.
    """

    def __init__(self, node, modem):
        self._node = node
        self._modem = modem
        self._steps = (self._start, self._look, self._attach, self._join)
        self._until_us = 0
        self.signal = (None, None)
        self.again()

    def again(self) -> None:
        """From the beginning."""
        self.done = False
        self._at = 0

    async def step(self) -> int:
        """One step. Returns microseconds to wait before the next. Raises ModemError, OSError."""
        if await self._steps[self._at]():
            self._at += 1
            self.done = self._at == len(self._steps)
            return 0
        return _LOOK_US

    async def _start(self):
        await self._modem.start()
        await self._modem.unlock(self._node.store)
        await self._modem.search()
        self._until_us = self._node.clock.us() + _SEARCH_US
        return True

    async def _look(self):
        registered = await self._modem.registered()
        if not registered and self._node.clock.us() > self._until_us:
            raise ModemError("no network was found; check the antenna and the SIM's operator")
        return registered

    async def _attach(self):
        clock = self._node.clock
        await self._modem.attach()
        clock.set_unix(await self._modem.time() * 1000000, clock.us(), _TIME_ERROR_MS)
        self.signal = await self._modem.signal()
        return True

    async def _join(self):
        await self._modem.connect()
        self._node.log("link", "connected, RSRP %s dBm, SINR %s dB" % self.signal)
        return True
