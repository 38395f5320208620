"""What the network commands a lamp: `dim` and `programme`. Loaded on demand.

node: a `node.app.Node` whose profile is a `node.profiles.lamp.Profile`.
"""

import asyncio

from micropython import const
from unload import unload

from node.errors import Refused
from node.lamp import SAFETY

_POLL_MS = const(100)


def facts(node) -> list:
    """For `info`: the level at the pin."""
    return [("lamp_level", node.profile.lamp.level)]


def applied(node, name: str) -> dict:
    """For a repeated command: the level that a `dim` left behind, the programme in force."""
    lamp = node.profile.lamp
    return {"level": lamp.level} if name == "dim" else {"version": _version(lamp.rules.programme)}


async def obey(node, name: str, values: dict) -> "dict | None":
    """`dim`: the operator's level; `programme`: a part of one. Raises Refused.

    `dim` is answered when the pin has reached what the rules set, or when another comes before:
    with the level at the pin. Until then the same command, sent again, changes nothing.
    """
    lamp = node.profile.lamp
    if name == "programme":
        return await _programme(node, lamp, values)
    now_s = node.clock.uptime_s()
    above = lamp.rules.held(now_s)
    if above is not None:
        raise Refused("safety" if above == SAFETY else "manual")
    if lamp.token == values["token"]:
        return None
    lamp.token = values["token"]
    lamp.rules.command(values["level"], now_s, values["hold"], bool(values["over_presence"]))
    lamp.changed(values["ramp"])
    asyncio.create_task(_answer(node, values))
    return None


async def _answer(node, values):
    lamp = node.profile.lamp
    token = values["token"]
    ramp_s = values["ramp"]
    if ramp_s is None:
        ramp_s = node.config["ramp_s"]
    while lamp.token == token and not lamp.settled():
        await asyncio.sleep_ms(_POLL_MS)
    await node.gap()
    from node.commands import Commands

    unload("node.commands")
    shown = {"level": lamp.level, "ramp": ramp_s, "hold": values["hold"]}
    await Commands(node).end("dim", token, "applied", "ok", shown)
    if lamp.token == token:
        lamp.token = None
    node.wake.set()


def _version(programme):
    return programme[0] << 8 | programme[1] if programme else None


async def _programme(node, lamp, values):
    """Keep a part; with the last of them the programme goes to flash, and is followed."""
    key = values["version"], values["size"]
    if lamp.parts[0] != key:
        lamp.parts = key, bytearray(384), set(range((key[1] + 11) // 12))
    _, data, missing = lamp.parts
    at = values["at"]
    missing.discard(at)
    part = values["data1"] << 48 | values["data2"]
    data[12 * at : 12 * at + 12] = part.to_bytes(12, "big")
    if not missing:
        from wire.programme import whole

        lamp.parts = (None,)
        data = bytes(data[: key[1]])
        if not whole(data):
            raise Refused("malformed")
        async with node.lock:
            node.store.save("programme", data)
        lamp.rules.programme = data
        lamp.changed()
    return {"count": len(missing), "version": _version(lamp.rules.programme)}
