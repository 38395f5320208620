"""Every setting and what is allowed. Loaded only when one changes."""

import binascii
import json
import os

from lorawan import region
from micropython import const
from unload import unload
from wire.limits import LIMITS
from wire.profiles import of
from wire.words import PROFILES

from node import part, profiles
from node.errors import ConfigError

_TAIL = const(14)  # node.journal.TAIL_RECORDS: those of a frame and before it are read from there


def regions() -> list:
    """The names of the regions' files. Empty where they are frozen into the firmware."""
    return _files(region.__path__)


def _files(folder):
    try:
        files = os.listdir(folder if isinstance(folder, str) else folder[0])
    except OSError:
        return []
    return sorted([name.split(".")[0] for name in files if name[:2] != "__"])


FIELDS = {
    "profile": (tuple(_files(profiles.__path__)) or tuple(sorted(PROFILES[1:])), "choice"),
    "region": (regions(), "choice"),
    "lang": (_files(__file__.rsplit("/", 1)[0] + "/texts"), "choice"),
}
FIELDS.update(LIMITS)
"""name -> (allowed, kind), those of `wire.limits` and of the profiles too; meanings are in
`node/texts`, defaults in `node.defaults`."""

ORDERED = []
"""(setting, least difference, greater setting, sentence where they contradict)."""
for _facts in map(of, PROFILES[1:]):
    if _facts:
        ORDERED += _facts["ordered"]
        _own = _facts["settings"]
        for _name in _own:
            FIELDS[_name] = _own[_name][1:]
del LIMITS, of
unload("wire.limits")
unload("wire.profiles")


def check(name: str, value):
    """The value as stored, or ConfigError with one sentence."""
    if name not in FIELDS:
        raise ConfigError("%s: unknown setting; known are %s" % (name, ", ".join(sorted(FIELDS))))
    allowed, kind = FIELDS[name]
    if kind in _KINDS:
        return _KINDS[kind](name, value, allowed)
    return part("kind of setting", "node.kinds", kind).check(name, value, allowed)


def _hex(name, value, digits):
    try:
        if len(binascii.unhexlify(value)) * 2 == digits:
            return value.lower()
    except (ValueError, TypeError):
        pass
    raise ConfigError("%s: expected %d hex digits" % (name, digits))


def _text(name, value, longest):
    if isinstance(value, str) and len(value) <= longest:
        return value
    raise ConfigError("%s: expected a text of at most %d characters" % (name, longest))


def _choice(name, value, allowed):
    if isinstance(value, str):
        value = value.lower()
    if value in allowed or (name == "region" and not allowed and _frozen(value)):
        return value
    use = " or ".join(allowed) or "one that is in the firmware"
    raise ConfigError("%s: %r is unknown; use %s" % (name, value, use))


def _frozen(name):
    """Is it a region? Files that are frozen into the firmware cannot be listed."""
    if not isinstance(name, str) or not name or "." in name or "/" in name:
        return False
    try:
        __import__("lorawan.region." + name)
    except ImportError:
        return False
    return True


def _number(name, value, allowed):
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError("%s: %r is not a whole number" % (name, value))
    if not allowed[0] <= value <= allowed[1]:
        raise ConfigError("%s: %d is not within %d to %d" % (name, value, allowed[0], allowed[1]))
    return value


_KINDS = {
    "hex": _hex,
    "text": _text,
    "choice": _choice,
    "number": _number,
}


def together(config) -> None:
    """Raises ConfigError where settings that are valid alone contradict each other."""
    for lower, difference, upper, sentence in ORDERED:
        if config[lower] + difference > config[upper]:
            raise ConfigError(sentence)
    if config["repeat"] and config["batch"] + config["repeat"] > _TAIL:
        raise ConfigError("batch and repeat are together more than %d" % _TAIL)


def parse(text: str) -> dict:
    """Settings of a `device.json`, each checked. Raises ConfigError."""
    try:
        raw = json.loads(text)
    except (ValueError, MemoryError, RuntimeError):  # the last two: nested too deep
        raw = None
    # MicroPython takes half an object for a whole one
    if not isinstance(raw, dict) or not text.rstrip().endswith("}"):
        raise ConfigError("device.json is not one JSON object; correct it and copy it again")
    try:
        return {name: check(name, value) for name, value in raw.items()}
    except ConfigError as error:
        raise ConfigError("device.json: " + str(error))


def typed(name: str, text: str):
    """A value as a person typed it: JSON unless the setting is text."""
    if name in FIELDS and FIELDS[name][1] not in ("text", "hex", "choice"):
        try:
            return json.loads(text)
        except ValueError:
            pass
    return text
