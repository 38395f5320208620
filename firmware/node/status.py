"""What a node tells of itself, each day and when a sensor becomes sick. Loaded for it.

The collection takes 17 ms: only the caller knows whether a receive window is near.
"""

import gc

from micropython import const
from wire import VERSION
from wire.words import ROLES

from node import crash

_SENSORS = const(3)  # that a report has room for
_WINDOW_MOST_US = const(16382)
_ERASES_MOST = const(1048574)
_HEAP_MOST = const(655340)


def report(node) -> None:
    """Queue a `status`."""
    profile = node.profile
    gc.collect()
    alive = gc.mem_alloc()
    node.peak = max(node.peak, alive)
    major, minor, patch = map(int, VERSION.split("."))
    values = {
        "major": major,
        "minor": minor,
        "patch": patch,
        "cause": node.power.cause,
        "boots": node.config.boots,
        "config_version": node.config.version,
        "battery": profile.millivolts(),
        "window_us": _window_us(node.link),
        "erases": min(node.store.wear // 100, _ERASES_MOST),
        "heap_free": max(0, min(alive + gc.mem_free() - node.peak, _HEAP_MOST)),
        "sick1": 0,
        "sick2": 0,
        "sick3": 0,
    }
    known = [role for role in sorted(profile.sick) if role in ROLES]
    for at, role in enumerate(known[:_SENSORS]):
        values["sensor%d" % (at + 1)] = ROLES.index(role)
        values["sick%d" % (at + 1)] = profile.sick[role]
    values.update(crash.fields(node.exception))
    node.outbox.report("status", values)


def _window_us(link):
    """The radio's worst own timing error, us; None: no window was opened, or it is no radio."""
    windows = getattr(getattr(link, "radio", None), "windows", None)
    known = windows() if windows else None
    return min(known["max_us"], _WINDOW_MOST_US) if known and known["n"] else None
