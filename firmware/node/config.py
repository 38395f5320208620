"""Settings: one JSON blob A/B in flash, a version that counts every change, roll-back.

`/device.json` is the one file a person edits. It is imported when its text changed, and rewritten
when a setting changes otherwise, so that both always hold the same. Settings that fail to boot
twice are rolled back to those before. What changes settings is `node.changes`, loaded for it.
"""

import json
import struct

from unload import unload

SECRET = ("app_key",)


class Config:
    """Settings by item: `config["report_s"]`. `version` counts changes, `boots` starts.

    For `node.changes`: `values` (what was given), `crc` (of the file they came from).
    """

    def __init__(self, store, path="/device.json", log=None):
        self.store = store
        self.path = path
        self._log = log or (lambda _source, _text: None)
        self._load(store.load("config"))
        self._tries()

    def _load(self, blob):
        saved = json.loads(blob) if blob else {}
        self.version = saved.get("version", 0)
        self.crc = saved.get("crc", 0)
        self.settle(saved.get("values", {}))

    def settle(self, values: dict) -> None:
        """Take these values as given; what they leave open is the profile's, or a default."""
        from node import defaults

        self.values = values
        self._all = defaults.complete(values)
        defaults = None
        unload("node.defaults")

    def __getitem__(self, name):
        return self._all.get(name)

    def given(self, name: str) -> bool:
        """Was the setting given, or is it a default?"""
        return name in self.values

    def missing(self, names) -> list:
        """Those of these settings that were not given."""
        return [name for name in names if name not in self.values]

    # --- roll-back ------------------------------------------------------------------------------

    def _tries(self):
        """Count starts of this version that did not reach `booted`; at the third, roll back."""
        blob = self.store.load("boot")
        self.boots, good, tries = struct.unpack("<HHH", blob) if blob else (0, 0, 0)
        self.boots = (self.boots + 1) & 0xFFFF
        tries = tries + 1 if good != self.version else 0
        if tries > 2:
            before = self.store.previous("config")
            if before:
                bad, crc = self.version, self.crc
                self._load(before)
                self.version, self.crc = bad + 1 & 0xFFFF, crc
                self.save()
                good, tries = self.version, 0
                self._log("config", "version %d failed to boot twice, rolled back" % bad)
        self._good = good
        self.store.save("boot", struct.pack("<HHH", self.boots, good, tries))

    def booted(self) -> None:
        """This version runs: it will not be rolled back."""
        if self._good != self.version:
            self._good = self.version
            self.store.save("boot", struct.pack("<HHH", self.boots, self._good, 0))

    # --- changes --------------------------------------------------------------------------------

    def import_file(self) -> None:
        """Take `/device.json` if its text changed. An invalid one changes nothing: ConfigError."""
        self._change("import_file")

    def update(self, changes: dict) -> None:
        """Check and change settings. Raises ConfigError, and then changes nothing."""
        self._change("update", changes)

    def put(self, checked: dict) -> None:
        """Change settings whose values are known to be valid; on flash in both forms after it."""
        self._change("put", checked)

    def _change(self, how, *arguments):
        from node import changes

        try:
            getattr(changes, how)(self, *arguments)
        finally:
            changes = None
            unload("node.changes")
            unload("node.settings")

    def save(self) -> None:
        """To flash."""
        saved = {"version": self.version, "crc": self.crc, "values": self.values}
        self.store.save("config", json.dumps(saved).encode())
