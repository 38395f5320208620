"""`info`: identity, state, memory."""

import gc

from micropython import const
from wire import VERSION
from wire.words import CAUSES

_HEAP_MS = const(300)  # ten collections


async def run(node, _words):
    """What the node is and how it does."""
    config, link = node.config, node.link
    facts = [
        ("name", config["name"]),
        ("asset", config["asset"]),
        ("dev_eui", config["dev_eui"]),
        ("profile", config["profile"]),
        ("board", node.board.NAME),
        ("firmware", VERSION),
        ("problem", node.problem),
        ("joined", bool(link and link.ready)),
        _battery(node.power),
        ("cause", CAUSES[node.power.cause]),
        ("boots", config.boots),
        ("wiped", node.wiped),
        ("uptime_s", node.clock.uptime_s()),
        ("unix", node.clock.unix() or None),
        ("clock_error_ms", node.clock.error_ms()),
        ("config_version", config.version),
        ("waiting", node.journal.waiting()),
        ("next_seq", node.journal.next_seq),
        ("dropped", node.journal.dropped),
    ]
    if link:
        facts += link.facts()
    if node.profile:
        await node.gap()
        commands = node.profile.commands()
        if commands:
            facts += commands.facts(node)
    await node.gap(_HEAP_MS)
    return facts + [("heap", _heap(node))]


def _battery(power):
    battery_mv = power.battery_mv()
    return "battery_mv", battery_mv, battery_mv and ("low" if power.low() else "good")


def _heap(node):
    """Bytes after a collection; the largest free block is found by trying."""
    gc.collect()
    live, free = gc.mem_alloc(), gc.mem_free()
    gc.disable()  # a failed try must not collect: 15 ms each
    low = 0
    high = free
    while high - low > 1024:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
        if low == middle:
            gc.collect()
    gc.enable()
    return {"live": live, "peak": node.peak, "free": free, "largest": low}
