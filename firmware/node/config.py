"""Settings: one JSON blob A/B in flash, a version that counts every change, roll-back.

`/device.json` is the one file a person edits. It is imported when its text changed, and rewritten
when a setting changes otherwise, so that both always hold the same. Settings with which the node
crashes 3 times before the second reading are rolled back by `node.changes`, loaded for all that.
"""

from unload import unload

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Setting

SECRET = ("app_key",)


class Config:
    """Settings by item: `config["report_s"]`. `version` counts changes, `boots` starts.

    For `node.changes`: `values` (what was given), `crc` (of the file they
    came from), `good` (the last version that worked), `tries` (crashes since). For `node.deep`:
    `all` (values and defaults).
    """

    version: int
    boots: int
    crc: int
    good: int
    tries: int

    def __init__(self, store, path="/device.json", log=None, crashed=1):
        self.store = store
        self.path = path
        self._by("load", log or (lambda _source, _text: None), crashed)

    def settle(self, values: dict) -> None:
        """Take these values as given; what they leave open is the profile's, or a default."""
        self.values = values
        self.all = self._default("complete", values)

    def _default(self, name, argument):
        from node import defaults

        found = getattr(defaults, name)(argument)
        defaults = None
        unload("node.defaults")
        return found

    def __getitem__(self, name: str) -> "Setting":
        found = self.all.get(name)
        return self._default("other", name) if found is None else found

    def given(self, name: str) -> bool:
        """Was the setting given, or is it a default?"""
        return name in self.values

    def missing(self, names) -> list:
        """Those of these settings that were not given."""
        return [name for name in names if name not in self.values]

    # --- rare, so the code is loaded for it -----------------------------------------------------

    def booted(self) -> None:
        """These settings work: they will not be rolled back."""
        if self.tries or self.good != self.version:
            self._by("booted")

    def crashed(self) -> None:
        """The run ends by an error; a watchdog's reset is counted by the next start."""
        self._by("crashed")

    def import_file(self) -> None:
        """Take `/device.json` if its text changed. An invalid one changes nothing: ConfigError."""
        self._by("import_file")

    def update(self, values: dict) -> None:
        """Check and change settings. Raises ConfigError, and then changes nothing."""
        self._by("update", values)

    def put(self, checked: dict) -> None:
        """Change settings whose values are known to be valid; on flash in both forms after it."""
        self._by("put", checked)

    def _by(self, name, *arguments):
        from node import changes

        try:
            getattr(changes, name)(self, *arguments)
        finally:
            changes = None
            unload("node.changes")
            unload("node.settings")
