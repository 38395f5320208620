"""Settings: one JSON blob A/B in flash, a version that counts every change, roll-back.

`/device.json` is the one file a person edits. It is imported when its text changed, and written
anew when a setting changes otherwise, so that both always say the same. Settings that fail to
boot twice are rolled back to those before.
"""

import binascii
import json
import os
import struct

from node.profiles import PROFILES


class ConfigError(ValueError):
    """A setting is wrong; the sentence says which and what was expected."""


FIELDS = {
    "name": (24, "text", "what people call the device, up to 24 characters"),
    "dev_eui": (16, "hex", "device identity, 16 hex digits"),
    "join_eui": (16, "hex", "join server identity, 16 hex digits"),
    "app_key": (32, "hex", "root key, 32 hex digits"),
    "profile": (tuple(PROFILES), "choice", "what the node is"),
    "region": (("eu868",), "choice", "LoRaWAN region"),
    "report_s": ((60, 86400), None, "reading sent at least every s"),
    "sample_s": ((10, 86400), None, "sensor read every s"),
    "start_jitter_s": ((0, 600), 0, "first join delayed by up to s after power"),
    "confirm_every": ((0, 7), 4, "every n-th reading asks for an acknowledgement, 0 never"),
    "empty_mm": ((100, 5000), 1200, "bin: sensor to the empty bottom, mm"),
    "height_mm": ((50, 5000), 1000, "bin: useful height, mm"),
    "delta": ((1, 100), 5, "send at once when the fill moved by %"),
    "on_lux": ((0, 10000), 20, "lamp: on below lx"),
    "off_lux": ((0, 20000), 50, "lamp: off above lx"),
    "night_level": ((0, 100), 100, "lamp: level at night, %"),
    "boost_level": ((0, 100), 100, "lamp: level while somebody is there, %"),
    "boost_s": ((5, 3600), 60, "lamp: how long presence holds, s"),
    "ramp_s": ((0, 60), 2, "lamp: s from one level to another"),
    "failsafe_min": ((1, 10080), 1440, "lamp: without network for min, it falls back"),
    "failsafe_level": ((1, 100), 100, "lamp: level at night when it fell back, %"),
    "programme": (None, [], 'lamp: [["HH:MM", level], ...] in UTC'),
}
"""name -> (allowed, default or kind, meaning)."""

SECRET = ("app_key",)


def check(name: str, value):
    """The value as stored, or ConfigError with one sentence."""
    if name not in FIELDS:
        raise ConfigError("%s: unknown setting; known are %s" % (name, ", ".join(sorted(FIELDS))))
    allowed, kind, _ = FIELDS[name]
    if kind == "hex":
        return _hex(name, value, allowed)
    if kind == "text":
        if isinstance(value, str) and len(value) <= allowed:
            return value
        raise ConfigError("%s: expected a text of at most %d characters" % (name, allowed))
    if kind == "choice":
        if value not in allowed:
            raise ConfigError("%s: %r is unknown; use %s" % (name, value, " or ".join(allowed)))
        return value
    if allowed is None:
        return _programme(name, value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError("%s: %r is not a whole number" % (name, value))
    if not allowed[0] <= value <= allowed[1]:
        raise ConfigError("%s: %d is not within %d to %d" % (name, value, allowed[0], allowed[1]))
    return value


def _hex(name, value, digits):
    try:
        if len(binascii.unhexlify(value)) * 2 == digits:
            return value.lower()
    except (ValueError, TypeError):
        pass
    raise ConfigError("%s: expected %d hex digits" % (name, digits))


def _programme(name, value):
    try:
        for at, level in value:
            hours, minutes = at.split(":")
            if not (0 <= int(hours) < 24 and 0 <= int(minutes) < 60 and 0 <= level <= 100):
                raise ValueError
    except (ValueError, TypeError, AttributeError):
        raise ConfigError('%s: expected [["HH:MM", level], ...], level 0 to 100' % name)
    return value


def default(name: str, profile: "str | None" = None):
    """Default of a setting, or None where the device must be told."""
    if name == "region":
        return "eu868"
    if name in ("report_s", "sample_s"):
        return PROFILES.get(profile, PROFILES["bin"])[name]
    kind = FIELDS[name][1]
    return None if kind in ("hex", "choice", "text") else kind


def parse(text: str) -> dict:
    """Settings of a `device.json`, each checked. Raises ConfigError."""
    try:
        raw = json.loads(text)
        items = raw.items()
    except (ValueError, AttributeError):
        raise ConfigError("device.json is not one JSON object; correct it and copy it again")
    return {name: check(name, value) for name, value in items}


class Config:
    """Settings by item: `config["report_s"]`. `version` counts changes, 16 bits."""

    def __init__(self, store, path="/device.json", log=None):
        self._store = store
        self._path = path
        self._log = log or (lambda source, text: None)
        self._load(store.load("config"))
        self._tries()

    def _load(self, blob):
        saved = json.loads(blob) if blob else {}
        self.version = saved.get("version", 0)
        self._crc = saved.get("crc", 0)
        self._values = saved.get("values", {})

    def __getitem__(self, name):
        value = self._values.get(name)
        return default(name, self._values.get("profile")) if value is None else value

    def told(self, name: str) -> bool:
        """Was the setting given by somebody, or is it a default?"""
        return name in self._values

    def missing(self) -> list:
        """Settings without which the node cannot join."""
        return [n for n in ("dev_eui", "join_eui", "app_key", "profile") if not self.told(n)]

    def _tries(self):
        """Count starts of this version that did not reach `booted`; at the third, roll back."""
        blob = self._store.load("boot")
        self.boots, good, tries = struct.unpack("<HHH", blob) if blob else (0, 0, 0)
        self.boots = (self.boots + 1) & 0xFFFF
        tries = tries + 1 if good != self.version else 0
        if tries > 2:
            before = self._store.previous("config")
            if before:
                bad, crc = self.version, self._crc
                self._load(before)
                self.version, self._crc = bad + 1 & 0xFFFF, crc
                self._save()
                good, tries = self.version, 0
                self._log("config", "version %d failed to boot twice, rolled back" % bad)
        self._good = good
        self._store.save("boot", struct.pack("<HHH", self.boots, good, tries))

    def booted(self) -> None:
        """This version runs: it will not be rolled back."""
        if self._good != self.version:
            self._good = self.version
            self._store.save("boot", struct.pack("<HHH", self.boots, self._good, 0))

    def import_file(self) -> None:
        """Take `/device.json` if its text changed. A wrong one is refused whole: ConfigError."""
        try:
            with open(self._path) as file:
                text = file.read()
        except OSError:
            return
        crc = binascii.crc32(text.encode()) & 0xFFFFFFFF
        if crc != self._crc:
            values = parse(text)
            self._crc = crc
            self._values = values
            self._bump()

    def update(self, changes: dict) -> None:
        """Change settings; on flash in both forms when it returns. Raises ConfigError."""
        for name, value in changes.items():
            changes[name] = check(name, value)
        self._values.update(changes)
        self._write_file()
        self._bump()

    def _bump(self):
        self.version = (self.version + 1) & 0xFFFF
        self._save()

    def _save(self):
        saved = {"version": self.version, "crc": self._crc, "values": self._values}
        self._store.save("config", json.dumps(saved).encode())

    def _write_file(self):
        """First the person's file, then the blob: cut between, the next start imports the file."""
        try:
            os.stat(self._path)
        except OSError:
            return
        text = json.dumps(self._values)
        with open(self._path + ".new", "w") as file:
            file.write(text)
        os.rename(self._path + ".new", self._path)
        self._crc = binascii.crc32(text.encode()) & 0xFFFFFFFF
