"""What a node keeps over deep sleep, in the memory of the RTC, and how it goes on afterwards.

A chip that wakes from deep sleep starts anew: the RTC's memory is all that it remembers. What must
not be lost or come twice (readings, settings, DevNonces, the FCntUp reserved) is on flash as ever;
the memory only saves what a start from flash costs: up to 32 FCntUp, readings sent twice, a report
of the start, the rest that the duty cycle asks for. It is read once and cleared before anything is
sent. Where it does not fit what is on flash, or power failed, the node starts as after any reset.

Source: MicroPython's documentation, machine.RTC (2048 bytes) and esp32; ESP-IDF, sleep modes.
"""

import binascii
import json
import time

import esp32  # pyright: ignore[reportMissingImports] - the stubs are those of rp2
import machine
from micropython import const
from unload import unload

from node.profiles import Kept

_MOST = const(2048)
_RC_PARTS = const(100)  # the slow clock is an RC oscillator, calibrated before each sleep: 1 %
# over the time of a sleep is assumed, for the temperature that changes meanwhile
_UNSURE_MS = const(60000)
_PLAIN = (type(None), bool, int, str)


def take() -> "dict | None":
    """What was kept, at the first call after deep sleep; pads held meanwhile are free again."""
    rtc = machine.RTC()
    raw = rtc.memory()
    if not raw:
        return None
    rtc.memory(b"")
    if binascii.crc32(raw[4:]) != int.from_bytes(raw[:4], "little"):
        return None
    kept = json.loads(raw[4:])
    for gpio, level in kept["held"]:
        machine.Pin(gpio, machine.Pin.OUT, value=level, hold=False)  # pyright: ignore[reportCallIssue]
    esp32.gpio_deep_sleep_hold(False)
    return kept


def ready(node) -> bool:
    """May the node forget all but what `keep` keeps? With trouble on the air it stays awake."""
    link = node.link
    if not link or not link.ready or link.broken or node.lock.locked() or node.inbox:
        return False
    mac = getattr(link, "mac", None)
    if not mac or mac.silent_us is not None or mac.windows.busy:
        return False
    if mac.uplink_wanted or mac.answers.sticky:
        return False
    journal = node.journal  # what is held back may lie in segments, what was sent may not
    return node.outbox.empty() and not (journal.segments and journal.idle())


def keep(node) -> bool:
    """Radio asleep, outputs held, what the node needs in the RTC's memory. False: no room.

    The first time after a start from /lib it only packs the firmware for the wakes to come.
    """
    port = node.power.port
    if not port.packed:
        port.packed = True
        _pack(port.feed)
        return False
    held = _held(node.board)
    kept = {
        "mark": _mark(node),
        "held": held,
        "boots": node.config.boots,
        "us": node.clock.us(),
        "at": time.time_ns(),
        "parts": [_plain_of(one) for one in _parts(node)],
    }
    raw = json.dumps(kept, separators=(",", ":")).encode()  # without blanks
    if len(raw) + 4 > _MOST:
        return False
    node.link.radio.sleep()
    for gpio, level in held:
        machine.Pin(gpio, machine.Pin.OUT, value=level, hold=True)  # pyright: ignore[reportCallIssue]
    esp32.gpio_deep_sleep_hold(True)
    machine.RTC().memory(binascii.crc32(raw).to_bytes(4, "little") + raw)
    return True


def _pack(feed):
    import packing

    packing.make(feed)
    packing = None
    unload("packing")
    unload("packed")


def resume(node, kept: dict) -> bool:
    """Go on where `keep` was called. False: flash says otherwise, and the node starts afresh."""
    if not node.link.ready or kept["mark"] != _mark(node):
        return False
    for one, values in zip(_parts(node), kept["parts"]):
        _restore(one, values)
    clock = node.clock
    clock.us()  # its ticks are those of this start
    slept_us = (time.time_ns() - kept["at"]) // 1000
    clock.total_us = now_us = kept["us"] + slept_us
    if clock.unix_us is not None:
        error_ms = clock.error_ms() + slept_us // (1000 * _RC_PARTS)
        clock.set_unix(clock.unix_us + now_us, now_us, error_ms)
        if error_ms > _UNSURE_MS:
            node.link.mac.ask_time()
    _same_start(node.config, kept["boots"])
    return True


def _same_start(config, boots):
    """It was no start: the count of those stays."""
    from node import changes

    config.boots = boots
    changes.save_boot(config)
    changes = None
    unload("node.changes")


def _mark(node):
    """What must be on flash as it was: settings, session, FCntUp reserved, readings."""
    session = node.link.mac.session
    journal = node.journal
    return [
        node.config.version, session.tag, session.reserved, journal.next_seq, len(journal.marks)
    ]  # fmt: skip


def _parts(node):
    """The objects whose numbers, texts and flags are kept, in a fixed order."""
    link = node.link
    mac = link.mac
    exchange = link.exchange
    profile = node.profile
    judges = [one for one in profile.__dict__.values() if isinstance(one, Kept)]
    return [
        node, node.clock, node.store, node.journal, node.outbox, profile, link, mac, mac.session,
        mac.duty, mac.answers, exchange, exchange.silence,
    ] + judges  # fmt: skip


def _plain_of(one):
    return {name: value for name, value in one.__dict__.items() if _is_plain(value)}


def _is_plain(value):
    """Is it the same after a way through JSON?"""
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(value[name]) for name in value)
    return isinstance(value, _PLAIN)


def _restore(one, values):
    for name in values:
        setattr(one, name, values[name])


def _held(board):
    """[(GPIO, level)] that must not float: NSS and reset wake the radio, a switch a sensor."""
    held = [(board.PINS["nss"], 1), (board.PINS["reset"], 1)]
    for entry in board.SENSORS.values():
        if "power" in entry:
            held.append((entry["power"], 0))
    return held
