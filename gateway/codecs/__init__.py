"""Codecs in JavaScript, the file that users of network servers have already.

A codec has `decodeUplink({bytes, fPort, recvTime})`, which returns {data, warnings, errors}, and,
where the device takes commands, `encodeDownlink({data})`, which returns {fPort, bytes, warnings,
errors}. Beside it stands a mapping: what its fields are here. A device whose decoder is `js:NAME`
is read by the codec NAME.
Source: LoRa Alliance TS013-1.0.0, Payload Codec API.

They are two files in the folder `codecs` beside the configuration: NAME.js and NAME.json.
"""

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from gateway import audit
from gateway.codecs.mapping import Mapping, read
from gateway.codecs.sandbox import Sandbox
from gateway.devices import DownlinkExample, Field, Report, UplinkExample
from gateway.errors import Lost, Refused, Unknown
from gateway.model import Command, Device
from gateway.notices import Uplink

PREFIX = "js:"
SCRIPT_MOST = 256 << 10
_NAME = re.compile("[a-z0-9][a-z0-9_-]{0,49}")
FPORT_MOST = 223
"""Source: TS001-1.0.4, 4.3.2."""
DOWNLINK_MOST = 242


class Codec:
    """One codec as a decoder; see `gateway.devices.Decoder`."""

    UPLINKS: tuple[UplinkExample, ...] = ()
    DOWNLINKS: tuple[DownlinkExample, ...] = ()

    def __init__(self, name: str, script: str, mapping: Mapping) -> None:
        self.sandbox = Sandbox(name, script)
        self._mapping = mapping
        self.TAKES: dict[str, Sequence[Field]] = {**mapping.takes()}  # noqa: N806, RUF100 - as modules name it

    @property
    def encode(self) -> Callable[[Device, Command], tuple[int, bytes]] | None:
        """(FPort, bytes) of a command; None where the mapping has no commands."""
        return self._encode if self._mapping.commands else None

    def decode(self, _device: Device, uplink: Uplink) -> list[Report]:
        """See gateway.devices."""
        given = {"bytes": list(uplink.data), "fPort": uplink.fport}
        found = self._called("decodeUplink", given, uplink.at_ms)
        data = found.get("data")
        if not isinstance(data, dict):
            raise Lost(f"the codec {self.sandbox.name} returned no `data`")
        return self._mapping.reports(cast("dict[str, Any]", data), _texts(found, "warnings"))

    def _encode(self, _device: Device, command: Command) -> tuple[int, bytes]:
        try:
            found = self._called("encodeDownlink", {"data": self._mapping.data(command)})
        except Lost as error:
            raise Refused(str(error), "values") from None
        fport = found.get("fPort")
        try:
            data = bytes(cast("list[int]", found.get("bytes")))
        except (TypeError, ValueError):
            data = b""
        if type(fport) is not int or not 1 <= fport <= FPORT_MOST:
            raise Refused(f"the codec {self.sandbox.name} gives no FPort from 1 to {FPORT_MOST}")
        if not 1 <= len(data) <= DOWNLINK_MOST:
            raise Refused(f"the codec {self.sandbox.name} gives no bytes, or too many")
        return fport, data

    def _called(
        self, function: str, given: dict[str, Any], time_ms: int | None = None
    ) -> dict[str, Any]:
        found = self.sandbox.call(function, given, time_ms)
        if not isinstance(found, dict):
            raise Lost(f"the codec {self.sandbox.name} returned no object")
        returned = cast("dict[str, Any]", found)
        errors = _texts(returned, "errors")
        if errors:
            raise Lost(f"the codec {self.sandbox.name} says: {'; '.join(errors)[:300]}")
        return returned


def _texts(found: dict[str, Any], name: str) -> list[str]:
    given: Any = found.get(name) or []
    texts = cast("list[Any]", given) if isinstance(given, list) else [given]
    return [" ".join(str(one).split()) for one in texts if one]


class Codecs:
    """The codecs of a folder. A file that changes is read anew; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, ...], Codec]] = {}

    def names(self) -> list[str]:
        """In alphabetical order."""
        found = (one.stem for one in self.folder.glob("*.js"))
        return sorted(one for one in found if _NAME.fullmatch(one))

    def find(self, name: str) -> Codec:
        """The codec of a name. Raises Unknown, and Refused for a mapping that is none."""
        script, mapping = self._files(name)
        try:
            stamp = tuple(one.stat().st_mtime_ns for one in (script, mapping))
        except OSError:
            known = ", ".join(self.names()) or "none"
            raise Unknown(f"there is no codec {name!r}; there are {known}") from None
        known_stamp, codec = self._read.get(name, ((), None))
        if codec is None or known_stamp != stamp:
            if codec:
                codec.sandbox.close()
            codec = _codec(name, script.read_bytes(), mapping.read_bytes())
            self._read[name] = (stamp, codec)
        return codec

    def put(self, name: str, script: bytes, mapping: bytes) -> None:
        """Add or replace a codec. Raises Refused."""
        paths = self._files(name)
        _codec(name, script, mapping)
        before = _digests(paths)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, body in zip(paths, (script, mapping), strict=True):
            new = path.with_suffix(path.suffix + ".new")
            new.write_bytes(body)
            new.replace(path)
        audit.note("codec", name, before, _digests(paths))

    def remove(self, name: str) -> None:
        """Remove a codec. Raises Unknown."""
        self.find(name).sandbox.close()
        del self._read[name]
        paths = self._files(name)
        before = _digests(paths)
        for path in paths:
            path.unlink(missing_ok=True)
        audit.note("codec", name, before, None)

    def close(self) -> None:
        """End the processes."""
        for _, codec in self._read.values():
            codec.sandbox.close()

    def _files(self, name: str) -> tuple[Path, Path]:
        if not _NAME.fullmatch(name):
            raise Refused("a codec's name is of a-z, 0-9, - and _, 50 at most", "name")
        return self.folder / f"{name}.js", self.folder / f"{name}.json"


def _digests(paths: Sequence[Path]) -> dict[str, str] | None:
    """What identifies a codec's files in the audit log; None where there are none."""
    if not all(one.exists() for one in paths):
        return None
    kinds = ("script_sha256", "mapping_sha256")
    return {
        kind: hashlib.sha256(path.read_bytes()).hexdigest()
        for kind, path in zip(kinds, paths, strict=True)
    }


def _codec(name: str, script: bytes, mapping: bytes) -> Codec:
    if len(script) > SCRIPT_MOST:
        raise Refused(f"the codec has {len(script)} bytes; at most {SCRIPT_MOST}", "script")
    try:
        text = script.decode()
    except UnicodeDecodeError:
        raise Refused("the codec is not UTF-8", "script") from None
    try:
        return Codec(name, text, read(mapping))
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(f"the mapping of the codec {name}: {error}", "mapping") from None
