"""Settings: one TOML file, overridden by environment variables, as frozen Structs.

`LAMPLIGHTER__DELIVERY__TIMEOUT_S=5` overrides `timeout_s` of `[delivery]`, whether the file has it
or not. Unknown keys are refused. An error names the file, the line and what was expected.
The keys of `[network]` are those of the Settings in `gateway/networks/<kind>`, the keys of
`[sinks.<kind>]` those of the Settings in `gateway/sinks/<kind>`.
"""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args

import msgspec
from msgspec import Meta, Struct, field

from gateway import networks, registry, sinks
from gateway.errors import ConfigError, Missing, Refused

PREFIX = "LAMPLIGHTER__"
NONE = """there is no configuration {path}. The smallest one, for a try without a network server:

    site = "trial"
    [network]
    kind = "virtual"
"""
"""What to write where nothing is."""
Wait = Annotated[float, Meta(ge=0, le=7 * 86400)]
"""Seconds between two attempts, at most one week."""


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[store]`: where events are stored.

    path: the SQLite file, relative to the configuration's folder.  url: the PostgreSQL database,
    `postgresql://USER:PASSWORD@HOST:PORT/DATABASE`; several services may name the same.
    """

    kind: Literal["sqlite", "memory", "postgresql"] = "sqlite"
    path: str = "lamplighter.db"
    url: str = ""

    def __repr__(self) -> str:
        """Without the password of the URL."""
        return f"StoreSettings(kind={self.kind!r})"


class RetentionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[retention]`: how long events are kept.

    days: older events are dropped, 0 keeps them for ever. Those with a pending delivery stay. By
    default a year and a month, so that a month can be compared with the same one of the last year.
    audit_days: the same for entries of the audit log.
    """

    days: Annotated[float, Meta(ge=0, le=36_500)] = 400.0
    audit_days: Annotated[float, Meta(ge=0, le=36_500)] = 400.0


class HttpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[http]`: the REST API and the page.

    bind: `host:port`.  basemap: a GeoJSON of the town to draw below the assets, relative to the
    configuration's folder.  plain_login: people may log in over plain HTTP from elsewhere.
    public: everybody may see counts by street and zone, suppressed where they are few.
    """

    bind: str = "127.0.0.1:8090"
    basemap: str = ""
    plain_login: bool = False
    public: bool = False


class DeliverySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[delivery]`: webhooks.

    allow_private: deliver also to loopback and private addresses.  timeout_s: of one whole
    attempt.  schedule_s: waits after each failed attempt; after the last the event is a dead
    letter.  parallel: concurrent attempts per endpoint.
    Source: Standard Webhooks 1.0.0, example schedule, and 15 and 60 s for a backend that restarts.
    """

    allow_private: bool = False
    timeout_s: Annotated[float, Meta(gt=0, le=300)] = 15.0
    schedule_s: Annotated[tuple[Wait, ...], Meta(max_length=100)] = (
        5, 15, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    )  # fmt: skip
    parallel: Annotated[int, Meta(ge=1, le=256)] = 8


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[commands.limits]`: what no command may pass; by default there are none.

    floor: {lighting class: least level of a `dim`, %}; the class is a lamp's tag `class=P4`, and
    `other` is for a lamp without one.  dark_level: a lamp dimmed below it, %, counts as dark.
    dark_share: of the lamps of one street (tag `street=NAME`) that commands may have dark at once;
    lamps without the tag are one street.  commands_an_hour: of the whole site, 0 is no limit.
    two_person_from: for so many devices at once a second person approves, 0 is never.
    approve_within_s: then an approval comes too late.
    """

    floor: dict[str, Annotated[int, Meta(ge=0, le=100)]] = {}
    dark_level: Annotated[int, Meta(ge=0, le=100)] = 10
    dark_share: Annotated[float, Meta(ge=0, le=1)] = 1.0
    commands_an_hour: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    two_person_from: Annotated[int, Meta(ge=0, le=100_000)] = 0
    approve_within_s: Annotated[int, Meta(ge=1, le=7 * 86400)] = 3600


class CommandSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[commands]`: commands to devices.

    expires_in_s: least default expiry.  confirmed: request a LoRaWAN acknowledgement.
    attempts: submissions to the network server before a command fails.
    answer_s: how long a class C device may take to report after a transmission before the command
    is sent again.  grace_s: how long after its expiry a command still accepts a report.
    airtime: share of the time that the first transmissions of bulk commands may be on the air.
    Source: EN 300 220-2 V3.2.1, table B.1: 10 % from 869.4 to 869.65 MHz, where EU868 has RX2.
    """

    expires_in_s: Annotated[int, Meta(ge=1, le=30 * 86400)] = 3600
    confirmed: bool = True
    attempts: Annotated[int, Meta(ge=1, le=20)] = 3
    answer_s: Annotated[float, Meta(ge=5, le=86400)] = 60.0
    grace_s: Annotated[float, Meta(ge=0, le=86400)] = 30.0
    airtime: Annotated[float, Meta(gt=0, le=1)] = 0.1
    limits: LimitSettings = field(default_factory=LimitSettings)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    site: name of the installation, in the source of every event.  network: the Settings of its
    kind.  sinks: `[sinks.<kind>]`, the Settings of that kind of sink.  folder: of the file; not a
    key.
    """

    site: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._~-]{1,64}$")]
    network: Any
    store: StoreSettings = field(default_factory=StoreSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    commands: CommandSettings = field(default_factory=CommandSettings)
    sinks: dict[str, Any] = {}
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["human", "json"] = "human"
    folder: str = ""

    def __repr__(self) -> str:
        """Without the network's and the sinks' keys and passwords."""
        return f"Settings(site={self.site!r})"


def load(path: Path, environment: Mapping[str, str]) -> Settings:
    """Read the configuration.

    environment: usually os.environ; its other variables are ignored. Relative paths start at the
    file's folder. Raises ConfigError.
    """
    source = _Source(path)
    tree = source.tree
    for name, value in environment.items():
        if name.startswith(PREFIX):
            keys = name.removeprefix(PREFIX).lower().split("__")
            _put(tree, keys, value, name)
            source.overrides[".".join(keys)] = name
    section = tree.get("network")
    if not isinstance(section, dict):
        raise ConfigError(
            "the section [network] is missing; it says which network server to use", path
        )
    section = cast("dict[str, Any]", section)
    tree["network"] = source.convert(section, _network_settings(source, section), "network")
    _sink_settings(source, tree)
    tree["folder"] = str(path.resolve().parent)
    settings: Settings = source.convert(tree, Settings, "")
    if settings.store.kind == "postgresql" and not settings.store.url:
        expected = "expected postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        raise source.error(f"`store.url`: is missing; {expected}", "store.url")
    return settings


def _network_settings(source: "_Source", section: dict[str, Any]) -> Any:
    try:
        return registry.find(networks, str(section.pop("kind", "")), "network").Settings
    except Refused as error:
        raise source.error(f"`network.kind`: {error}", "network.kind") from None


def _sink_settings(source: "_Source", tree: dict[str, Any]) -> None:
    """Turn each `[sinks.<kind>]` of the tree into the Settings of its kind."""
    sections = tree.get("sinks", {})
    if not isinstance(sections, dict):
        raise source.error("`sinks`: expected sections, as `[sinks.webhook]`", "sinks")
    for kind, section in cast("dict[str, Any]", sections).items():
        where = f"sinks.{kind}"
        try:
            into = sinks.module(kind).Settings
        except Refused as error:
            raise source.error(f"`{where}`: {error}", where) from None
        sections[kind] = source.convert(section, into, where)


def _put(tree: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    for key in keys[:-1]:
        branch = tree.setdefault(key, {})
        if not isinstance(branch, dict):
            raise ConfigError(
                f"the environment variable {name} goes into `{key}`, which is not a section"
            )
        tree = cast("dict[str, Any]", branch)
    tree[keys[-1]] = value


class _Source:
    """The file as text and as a tree, to find the line of a key."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.overrides: dict[str, str] = {}
        try:
            self.text = path.read_text(encoding="utf-8")
            self.tree: dict[str, Any] = tomllib.loads(self.text)
        except FileNotFoundError:
            raise Missing(NONE.format(path=path)) from None
        except OSError as error:
            raise ConfigError(f"cannot be read: {error.strerror}", path) from None
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError("is not UTF-8 text", path, line) from None
        except tomllib.TOMLDecodeError as error:
            raise self._syntax(str(error)) from None

    def convert(self, tree: dict[str, Any], into: Any, inside: str) -> Any:
        """The tree as Struct. inside: dotted path of the tree in the file. Raises ConfigError."""
        try:
            return msgspec.convert(tree, into, strict=False, dec_hook=self._path)
        except msgspec.ValidationError as error:
            said, _, where = str(error).partition(" - at `$")
            # an item of a list is found at the line of its key
            where = re.sub(r"\[.*?\]", "", where).strip("`.")
            key = ".".join(part for part in (inside, where) if part)
            found = re.search(r"(?:unknown|required) field `(\w+)`", said)
            if found:
                key = f"{key}.{found[1]}".strip(".")
            if "unknown field" in said:
                known = ", ".join(name for name in _fields(into, key, inside) if name != "folder")
                said = "there is no such key" + (f"; expected one of: {known}" if known else "")
            elif "required field" in said:
                said = "is missing"
            raise self.error(f"`{key}`: {said[0].lower()}{said[1:]}", key) from None

    def _path(self, _kind: type, value: Any) -> Path:
        """A path of the settings, relative to the file's folder."""
        if not isinstance(value, str) or not value:
            raise ValueError("expected the path of a file")
        return self.path.resolve().parent / value

    def error(self, message: str, key: str) -> ConfigError:
        """A ConfigError at the line of a dotted key, or at the variable that set it."""
        if key in self.overrides:
            return ConfigError(f"environment variable {self.overrides[key]}: {message}")
        return ConfigError(message, self.path, self.line_of(key))

    def line_of(self, key: str) -> int:
        """The line of a dotted key; of its section when the key is absent, else 0."""
        section, _, name = key.rpartition(".")
        current, of_section = "", 0
        for number, line in enumerate(self.text.splitlines(), 1):
            header = re.match(r"\s*\[([^\[\]]+)\]", line)
            if header:
                current = header[1].replace(" ", "").replace('"', "")
                of_section = number if current in {section, key} else of_section
            elif re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line) and current == section:
                return number
        return of_section

    def _syntax(self, said: str) -> ConfigError:
        found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)", said)
        last = self.text.count("\n") + 1
        line = int(found[1]) if found and found[1] else last
        column = f" in column {found[2]}" if found and found[2] else ""
        said = said[: found.start()] if found else said
        return ConfigError(f"is not TOML{column}: {said[0].lower()}{said[1:]}", self.path, line)


def _fields(into: Any, key: str, inside: str) -> tuple[str, ...]:
    """The keys of the Struct that a dotted key belongs to."""
    inner = key.removeprefix(inside).strip(".").split(".")[:-1]
    for name in inner:
        into = next(one.type for one in msgspec.structs.fields(into) if one.name == name)
        into = (get_args(into) or (into,))[-1]  # of named sections, what each is
    return tuple(one.encode_name for one in msgspec.structs.fields(into))
