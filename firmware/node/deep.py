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

BOARD = "/board.json"  # in the pack: literals of the board file
_MOST = const(2048)
_HEAD = const(6)  # CRC-32, size of what a sample needs
_RC_PARTS = const(100)  # the slow clock is an RC oscillator, calibrated before each sleep: 1 %
# over the time of a sleep is assumed, for the temperature that changes meanwhile
_UNSURE_MS = const(60000)
_OTHERS = (  # settings that no sample needs; keys stay on flash
    "dev_eui", "join_eui", "app_key", "name", "asset", "region", "lang", "start_jitter_s",
    "confirm_every", "batch", "batch_whole", "repeat",
)  # fmt: skip
_PLAIN = (type(None), bool, int, str)


def take() -> "dict | None":
    """What was kept, at the first call after deep sleep; pads held meanwhile are free again."""
    rtc = machine.RTC()
    found = peek()
    if rtc.memory():
        rtc.memory(b"")
    if not found:
        return None
    kept = found[0]
    more = json.loads(found[1])
    more["parts"] = kept["parts"] + more["parts"]
    kept.update(more)
    free(kept["held"])
    return kept


def peek() -> "tuple | None":
    """What was kept, and still is: (what a sample needs, the rest as bytes). None: damaged."""
    raw = machine.RTC().memory()
    if not raw or binascii.crc32(raw[4:]) != int.from_bytes(raw[:4], "little"):
        return None
    end = _HEAD + int.from_bytes(raw[4:_HEAD], "little")
    return json.loads(raw[_HEAD:end]), raw[end:]


def for_sample() -> "tuple | None":
    """As `peek`, where a sample is all that is due now."""
    found = peek()
    if found and found[0]["thin"] and _now_us(found[0]) < found[0]["until"]:
        return found
    return None


def _now_us(kept):
    """The clock's instant."""
    return kept["us"] + (time.time_ns() - kept["at"]) // 1000


def free(held: list) -> None:
    """Pads that `keep` held move again."""
    for gpio, level in held:
        machine.Pin(gpio, machine.Pin.OUT, value=level, hold=False)  # pyright: ignore[reportCallIssue]
    esp32.gpio_deep_sleep_hold(False)


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
        _pack(port.feed, node.board)
        return False
    parts = [plain_of(one) for one in _parts(node)]
    first = len(sampled(node, node))
    kept = {"held": _held(node.board), "parts": parts[:first], "thin": _thin(node)}
    kept["until"] = until_us(node, node)
    rest = _json({"mark": _mark(node), "boots": node.config.boots, "parts": parts[first:]})
    if hold(node.clock, kept, rest, node.link.radio):
        return True
    kept["thin"] = None  # where settings are long, each wake is of the whole node
    return hold(node.clock, kept, rest, node.link.radio)


def hold(clock, kept: dict, rest: bytes, radio=None) -> bool:
    """Into the memory, with the instant; the pads stay as they are to be. False: no room."""
    kept["us"] = clock.us()
    kept["at"] = time.time_ns()
    raw = _json(kept)
    raw = len(raw).to_bytes(2, "little") + raw + rest
    if len(raw) + 4 > _MOST:
        return False
    if radio:
        radio.sleep()
    for gpio, level in kept["held"]:
        machine.Pin(gpio, machine.Pin.OUT, value=level, hold=True)  # pyright: ignore[reportCallIssue]
    esp32.gpio_deep_sleep_hold(True)
    machine.RTC().memory(binascii.crc32(raw).to_bytes(4, "little") + raw)
    return True


def until_us(numbers, node) -> int:
    """The clock's instant from which a report or a status is due; `node.app` says the same.

    numbers: has a node's own.
    """
    config = node.config
    profile = node.profile
    sample_us = min(config["sample_s"], config["report_s"]) * 1000000
    report_us = numbers.reported_us + profile.report_s() * 1000000 - sample_us // 2
    return min(report_us, profile.status_s * 1000000)


def _json(value):
    return json.dumps(value, separators=(",", ":")).encode()  # without blanks


def _thin(node):
    """What `node.thin` needs besides the parts; None: the next wake is not for a sample alone."""
    config = node.config
    if node.link.wait_us() is not None or not node.last:
        return None
    settings = config.all.copy()
    for name in _OTHERS:
        settings.pop(name, None)
    return [settings, [name for name in config.values if name in settings], config.version]


def _pack(feed, board):
    """With the board file's literals, which are source."""
    import packing

    literals = {name: getattr(board, name) for name in ("PINS", "SENSORS", "BATTERY")}
    packing.make(feed, {BOARD: _json(literals)})
    packing = None
    unload("packing")
    unload("packed")


def resume(node, kept: dict) -> bool:
    """Go on where `keep` was called. False: flash says otherwise, and the node starts afresh."""
    if not node.link.ready or kept["mark"] != _mark(node):
        return False
    for one, values in zip(_parts(node), kept["parts"]):
        restore(one, values)
    if go_on(node.clock, kept) > _UNSURE_MS:
        node.link.mac.ask_time()
    _same_start(node.config, kept["boots"])
    return True


def go_on(clock, kept: dict) -> int:
    """A clock, restored, gets what passed since. Returns the error of its time, ms; 0: unknown."""
    clock.us()  # its ticks are those of this start
    clock.total_us = now_us = _now_us(kept)
    if clock.unix_us is None:
        return 0
    error_ms = clock.error_ms() + (now_us - kept["us"]) // (1000 * _RC_PARTS)
    clock.set_unix(clock.unix_us + now_us, now_us, error_ms)
    return error_ms


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
    return sampled(node, node) + [
        node.store, node.journal, node.outbox, link, mac, mac.session, mac.duty, mac.answers,
        exchange, exchange.silence,
    ]  # fmt: skip


def sampled(node, numbers) -> list:
    """Those of them that a sample changes, which come first. numbers: has a node's own."""
    profile = node.profile
    judges = [one for one in profile.__dict__.values() if isinstance(one, Kept)]
    return [numbers, node.clock, profile] + judges


def plain_of(one) -> dict:
    """Its attributes that JSON can have."""
    return {name: value for name, value in one.__dict__.items() if _is_plain(value)}


def _is_plain(value):
    """Is it the same after a way through JSON? A path is the same in any start."""
    if isinstance(value, str) and value[:1] == "/":
        return False
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(value[name]) for name in value)
    return isinstance(value, _PLAIN)


def restore(one, values: dict) -> None:
    """The way back."""
    for name, value in values.items():
        setattr(one, name, value)


def _held(board):
    """[(GPIO, level)] that must not float: NSS and reset wake the radio, a switch a sensor."""
    held = [(board.PINS["nss"], 1), (board.PINS["reset"], 1)]
    for entry in board.SENSORS.values():
        if "power" in entry:
            held.append((entry["power"], 0))
    return held
