"""How a container leans: its lid, a fall, and being tipped out. Loaded with a tilt sensor."""

import asyncio

from micropython import const

_UPRIGHT = const(20)  # degrees
_LYING = const(45)
_OVER = const(100)
_TIPPED_S = const(40)  # longest that a lorry holds it, and a measurement more
_DROPPED_S = const(60)
_WATCHED_S = const(75)
_AGAIN_US = const(2000000)
_SHOCK = const(1)
_DROPPED = const(2)
_COARSE = const(168)  # of the field


class Tilt:
    """What the angles of the last minutes mean. node: a `node.app.Node`, its sensors fitted."""

    def __init__(self, node):
        self._node = node
        self._left_s = 0  # when it was upright no longer; 0: it is
        self._most = 0
        self._flag = asyncio.ThreadSafeFlag()
        line = node.sensors["tilt"].line
        if line:
            node.power.on_rising(line, self._stirs)
            asyncio.create_task(self._follow())

    def _stirs(self, _pin):
        """An interrupt, a hard one where the port has those: must not allocate."""
        self._node.stirred = True
        self._flag.set()

    async def _follow(self):
        """Where the node does not doze, it waits for its wake."""
        while True:
            await self._flag.wait()
            self._node.wake.set()

    def judge(self, profile, values: dict, seen: "dict | None") -> bool:
        """Tilt, flag and alarm of a reading. Returns whether it was just tipped out.

        Upright up to 20 degrees; above 45 for a minute it has fallen; above 100 and upright again
        within 40 s it was tipped out. profile: a `node.profiles.bin.Profile`.
        seen: of the sensor, or None.
        """
        values["alarm"] = 0
        if seen is None:
            return False
        now_s = self._node.clock.uptime_s()
        angle = seen["tilt"]
        values["tilt"] = min(angle, _COARSE)
        values["tilted"] = int(angle > _UPRIGHT)
        if seen["shock"]:
            values["alarm"] = _SHOCK
        if angle <= _UPRIGHT:
            tipped = self._left_s and self._most > _OVER and now_s - self._left_s <= _TIPPED_S
            self._left_s = self._most = 0
            return bool(tipped)
        self._left_s = self._left_s or now_s or 1
        self._most = max(self._most, angle)
        left_s = now_s - self._left_s
        if angle > _LYING and left_s > _DROPPED_S:
            values["alarm"] = _DROPPED
        if left_s < _WATCHED_S:
            profile.ends_us = self._node.clock.us() + _AGAIN_US
        return False
