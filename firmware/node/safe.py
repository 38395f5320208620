"""Safe mode: link and console alone, after repeated crashes. Loaded only then.

No sensor is read and no programme runs; a lamp stays at full light, as `boot.py` lit it. Settings
that change, by console or network, begin with no crash. After a day one normal start is tried:
when it crashes too, the node is back here, and reports it again.
"""

from micropython import const

from node import changes, crash, profiles, start
from node.ports import WATCHDOG

_DAY_US = const(86400000000)
_RETRY_US = const(60000000)
_CRASHES_LEFT = const(4)  # one less than `node.app` takes for repeated


async def run(node) -> None:
    """Until the restart after a day. No error ends it: the console stays."""
    config = node.config
    clock = node.clock
    text = _text(node)
    said = "safe mode after %d crashes: %s" % (config.tries, text or "watchdog")
    node.log("node", said + "; correct it, then type reboot; it restarts in 24 h")
    values = {"crashes": config.tries, "cause": node.power.cause}
    values.update(crash.fields(text))
    node.outbox.report("safe", values)
    config.tries = _CRASHES_LEFT  # the next start is a normal one; its crash leads here again
    changes.save_boot(config)
    node.next_us = leave_us = clock.us() + _DAY_US
    until_us = 0
    while clock.us() < leave_us:
        try:
            await node.pause(until_us)
            if not node.link:
                node.profile = profiles.Profile(node)
                node.profile.roles = node.profile.optional = ()
                await start.bring_up(node)
                node.profile.roles = (said,)  # `measure` is refused
                node.problem = said
            if node.link.broken:
                await node.restart_link()
            until_us = await node.talk()
        except Exception as error:
            node.log("node", repr(error))
            if node.link:
                node.link.broken = True
            until_us = clock.us() + _RETRY_US
    node.reset()


def _text(node):
    """Last line of the exception that ended the run before; empty after the watchdog."""
    return "" if node.power.cause == WATCHDOG else crash.last(node.crash)
