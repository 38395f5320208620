"""`test`: each part of the device does something that a person, or the network, can confirm."""

import asyncio

from machine import Pin
from unload import unload

from node.errors import ConsoleError
from node.shell import find, measure

unload("node.shell.measure")
_BLINKS = 3
_BLINK_MS = 500


async def run(node, words):
    """All of it, or one of `sensors`, `light`, `link`."""
    wanted = words or ("sensors", "light", "link")
    facts = []
    for one in wanted:
        if one == "sensors":
            facts.append((one, bool(await measure.once(node))))
        elif one == "light":
            facts.append((one, await _blink(node)))
        elif one == "link":
            asked = dict([fact[:2] for fact in await (await find(node, "link"))(node, ["1"])])
            facts += [(one, bool(asked["answered"])), ("margin", asked.get("margin"))]
        else:
            raise ConsoleError("test", one)
    return facts


async def _blink(node):
    """Three times, so that a person sees which pole this is: "lamp", "led", or None without one.

    A lamp is blinked above its rules, which have it again afterwards.
    """
    lamp = getattr(node.profile, "lamp", None)
    if lamp:
        until_s = node.clock.uptime_s() + 60
        for blink in range(2 * _BLINKS):
            lamp.rules.manual(100 if blink % 2 else 0, until_s)
            lamp.changed(0)
            await asyncio.sleep_ms(_BLINK_MS)
        lamp.rules.manual(None, 0)
        lamp.changed()
        return "lamp"
    gpio = node.board.PINS.get("led")
    if gpio is None:
        return None
    led = Pin(gpio, Pin.OUT)
    for blink in range(2 * _BLINKS):
        led.value(blink % 2 ^ 1)
        await asyncio.sleep_ms(_BLINK_MS)
    return "led"
