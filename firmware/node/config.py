"""Settings: one JSON blob A/B in flash, a version that counts every change, roll-back.

`/device.json` is the one file a person edits. It is imported when its text changed, and written
anew when a setting changes otherwise, so that both always say the same. Settings that fail to
boot twice are rolled back to those before.
"""

import binascii
import json
import os
import struct

from unload import unload

from node.errors import ConfigError

DEFAULTS = {
    "region": "eu868",
    "start_jitter_s": 0,
    "confirm_every": 4,
    "empty_mm": 1200,
    "height_mm": 1000,
    "delta": 5,
    "on_lux": 20,
    "off_lux": 50,
    "night_level": 100,
    "boost_level": 100,
    "boost_s": 60,
    "ramp_s": 2,
    "failsafe_min": 1440,
    "failsafe_level": 100,
    "programme": (),
}
"""What a setting is until somebody says otherwise; intervals are the profile's."""

NEEDED = ("dev_eui", "join_eui", "app_key", "profile")
SECRET = ("app_key",)


class Config:
    """Settings by item: `config["report_s"]`. `version` counts changes, `boots` starts."""

    def __init__(self, store, path="/device.json", log=None):
        self._store = store
        self._path = path
        self._log = log or (lambda _source, _text: None)
        self._load(store.load("config"))
        self._tries()

    def _load(self, blob):
        saved = json.loads(blob) if blob else {}
        self.version = saved.get("version", 0)
        self._crc = saved.get("crc", 0)
        self._settle(saved.get("values", {}))

    def _settle(self, values):
        """These values were given; what they leave open is the profile's, or a default."""
        from node.profiles import PROFILES

        profile = PROFILES.get(values.get("profile"), PROFILES["bin"])
        self._values = values
        self._all = DEFAULTS.copy()
        self._all.update(report_s=profile["report_s"], sample_s=profile["sample_s"])
        self._all.update(values)
        unload("node.profiles")

    def __getitem__(self, name):
        return self._all.get(name)

    def told(self, name: str) -> bool:
        """Was the setting given by somebody, or is it a default?"""
        return name in self._values

    def missing(self) -> list:
        """Settings without which the node cannot join."""
        return [name for name in NEEDED if not self.told(name)]

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
            from node import settings

            self._take(settings, settings.parse(text))
            self._crc = crc
            self._bump()

    def update(self, changes: dict) -> None:
        """Change settings that somebody typed. Raises ConfigError."""
        from node import settings

        values = self._values.copy()
        for name, value in changes.items():
            values[name] = settings.check(name, value)
        self._take(settings, values)
        self.put({})

    def put(self, checked: dict) -> None:
        """Change settings whose values are known to be right; on flash in both forms after it."""
        self._values.update(checked)
        self._settle(self._values)
        self._write_file()
        self._bump()

    def _take(self, settings, values):
        """New values, unless they are wrong together."""
        before = self._values
        self._settle(values)
        try:
            settings.together(self)
        except ConfigError:
            self._settle(before)
            raise

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
