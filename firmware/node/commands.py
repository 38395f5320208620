"""What the network asks of the node: checked, done once, and answered by an `applied` report.

A command is known by its token: sent again, it is answered again and not done again. The last
answers stand in flash, so that a repeated `reboot` does not become a loop.
"""

import asyncio
import struct

from micropython import const
from wire.words import REASONS, RESULTS

from node.errors import Refused

_KEPT = const(16)  # no fewer than the gateway has between two copies: gateway/lifecycle.py
_REBOOT_MS = const(60000)
_INTERVALS = ("report_s", "sample_s")
_ANSWER = "<HBBB"  # token, result, reason, count + 1 or 0


class Commands:
    """Acts on downlinks. Loaded for each: what must last stands in flash.

    node: its `store config journal clock profile outbox log lock` and `reset()`. Only flash
    waits for the radio: a dimming lamp keeps no acknowledgement waiting.
    """

    def __init__(self, node):
        self._node = node
        self._answers = []  # (token, result, reason, count)
        blob = node.store.load("commands") or b""
        size = struct.calcsize(_ANSWER)
        for at in range(0, len(blob) - size + 1, size):
            self._answers.append(struct.unpack(_ANSWER, blob[at : at + size]))

    async def act(self, asked: "tuple | None", data: bytes) -> None:
        """Take one downlink to its end: done, refused or expired, and the report queued.

        asked: (name, values) by `wire.commands.unpack_command` of `data`; None: it could not.
        """
        if not asked:
            if len(data) >= 2:  # its sender waits for the result of the token
                await self.end("unknown", data[0] << 8 | data[1], "refused", "malformed", {})
            return
        name, values = asked
        token = values["token"]
        for known in self._answers:
            if known[0] == token:
                self._node.log(
                    "command", "%s, token %d: done before, answered again" % (name, token)
                )
                shown = {"count": known[3] - 1} if known[3] else self._stands(name)
                self._report(token, known[1], known[2], shown)
                return
        await self._once(name, token, values)

    async def _once(self, name, token, values):
        result = "applied"
        reason = "ok"
        shown = {}
        try:
            if self._expired(values["expires"]):
                result = "expired"
                reason = "gone"
            else:
                shown = await self._do(name, values)
        except Refused as refusal:
            result = "refused"
            reason = refusal.args[0]
        except (OSError, ValueError) as error:
            self._node.log("command", str(error))
            result = "refused"
            reason = "failed"
        if shown is None:
            return
        await self.end(name, token, result, reason, shown)
        if name == "reboot" and result == "applied":
            asyncio.create_task(self._reboot_later())

    async def _do(self, name, values):
        own = getattr(self, "_do_" + name, None)
        if own:
            return await own(values)
        commands = self._node.profile.commands()
        if not commands:
            raise Refused("unsupported")
        return await commands.obey(self._node, name, values)

    def _expired(self, expires):
        if expires is None:
            return False
        now = self._node.clock.unix()
        if not now:
            raise Refused("clock_unknown")
        return now > expires

    async def end(self, name: str, token: int, result: str, reason: str, shown: dict) -> None:
        """Log the end of a command, keep it in flash, queue its report. shown: its values."""
        self._node.log("command", "%s, token %d: %s (%s)" % (name, token, result, reason))
        passing = reason == "clock_unknown"  # no end: sent again, it may be applied
        result = RESULTS.index(result)  # pyright: ignore[reportAssignmentType] - its number now
        reason = REASONS.index(reason)  # pyright: ignore[reportAssignmentType]
        if not passing:
            count = shown.get("count")
            self._answers.append((token, result, reason, 0 if count is None else count + 1 & 255))
            self._answers = self._answers[-_KEPT:]
            blob = b"".join([struct.pack(_ANSWER, *answer) for answer in self._answers])
            async with self._node.lock:
                self._node.store.keep("commands", blob)
        self._report(token, result, reason, shown)

    def _report(self, token, result, reason, shown):
        values = {
            "token": token,
            "result": result,
            "reason": reason,
            "config_version": self._node.config.version,
        }
        values.update(shown)
        self._node.outbox.report("applied", values)

    def _stands(self, name):
        """What an applied command of this kind left behind, for a second answer."""
        if name == "interval":
            return {name: self._node.config[name] for name in _INTERVALS}
        commands = self._node.profile.commands()
        return commands.applied(self._node, name) if commands else {}

    # --- the commands of wire.table -------------------------------------------------------------

    async def _do_interval(self, values):
        changes = {name: values[name] for name in _INTERVALS if values[name] is not None}
        if not changes:
            raise Refused("out_of_range")
        async with self._node.lock:
            self._node.config.put(changes)  # the table has the same limits as the setting
        return self._stands("interval")

    async def _do_resend(self, values):
        count = self._node.journal.resend(values["first"], values["count"])
        if not count:
            raise Refused("gone")
        return {"count": count}

    async def _do_reboot(self, _values):
        return {}

    async def _reboot_later(self):
        """When the answer is acknowledged, or after a minute."""
        waited = 0
        while waited < _REBOOT_MS and not self._node.outbox.empty():
            await asyncio.sleep_ms(500)
            waited += 500
        self._node.log("command", "restarting, as asked")
        self._node.reset()
