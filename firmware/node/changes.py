"""How settings are loaded, rolled back, changed and stored. Unloaded after each use.

config: a `node.config.Config`. Blob `config`: version, CRC-32 of the person's file, values. Blob
`boot`: starts, the last version that worked, crashes since.
"""

import binascii
import json
import os
import struct

from node.errors import ConfigError

_BOOT = "<HHH"
_IDENTITY = ("dev_eui", "join_eui", "app_key", "name", "asset")
_LONGEST = 4096  # characters of a device.json: all settings take a third


def load(config, log, crashed: int) -> None:
    """Take the settings of the last save; those before it after 3 crashes that these began with.

    crashed: did the run before end in one that is not counted yet, 0 or 1?
    """
    _adopt(config, config.store.load("config"))
    blob = config.store.load("boot")
    boots, config.good, tries = struct.unpack(_BOOT, blob) if blob else (0, 0, 0)
    config.boots = (boots + 1) & 0xFFFF
    config.tries = tries + crashed & 0xFFFF
    if config.tries > 2 and config.good != config.version:
        before = config.store.previous("config")
        if before:
            _go_back(config, before)
            log("config", "3 crashes: back to version %d" % config.version)
    save_boot(config)


def _go_back(config, before):
    """Take older settings; the identity stays, for it cannot be the reason, and may be repaired.

    A file that was not imported yet is left: it comes next.
    """
    imported = _crc(_text(config) or "") == config.crc
    identity = {name: config.values[name] for name in _IDENTITY if name in config.values}
    _adopt(config, before)
    values = config.values
    values.update(identity)
    config.settle(values)
    config.good = config.version
    config.tries = 0
    try:
        if imported:
            _write_file(config)
        save(config)
    except OSError:
        pass  # so it is again after the next crash


def _adopt(config, blob):
    saved = json.loads(blob) if blob else {}
    config.version = saved.get("version", 0)
    config.crc = saved.get("crc", 0)
    config.settle(saved.get("values", {}))


def booted(config) -> None:
    """This version works: it will not be rolled back."""
    config.good = config.version
    config.tries = 0
    save_boot(config)


def crashed(config) -> None:
    """The run ends by an error."""
    config.tries += 1
    save_boot(config)


def save_boot(config) -> None:
    """Starts, the version that worked and the crashes, to flash where it can be written."""
    config.store.keep("boot", struct.pack(_BOOT, config.boots, config.good, config.tries))


def _text(config):
    """The person's file, or None without one. What is no text makes no JSON either."""
    try:
        with open(config.path) as file:
            return file.read(_LONGEST)
    except OSError:
        return None
    except UnicodeError:
        return "?"


def save(config) -> None:
    """Version and values to flash."""
    saved = {"version": config.version, "crc": config.crc, "values": config.values}
    config.store.save("config", json.dumps(saved).encode())


def import_file(config) -> None:
    """Take the person's file if its text changed. Raises ConfigError and changes nothing."""
    text = _text(config)
    if text is None:
        return
    crc = _crc(text)
    if crc != config.crc:
        from node import settings

        _take(config, settings, settings.parse(text))
        config.crc = crc
        try:
            _bump(config)
        except OSError:
            pass  # the next start imports the file again


def update(config, changes: dict) -> None:
    """Check, then change. Raises ConfigError and changes nothing."""
    from node import settings

    before = config.values
    values = before.copy()
    for name, value in changes.items():
        values[name] = settings.check(name, value)
    _take(config, settings, values)
    config.values = before
    put(config, values)


def put(config, checked: dict) -> None:
    """Change settings whose values are known to be valid; on flash in both forms after it.

    Raises ConfigError where they cannot be saved: then nothing is changed.
    """
    before = config.values
    values = before.copy()
    values.update(checked)
    config.settle(values)
    try:
        _write_file(config)
        _bump(config)
    except OSError as error:
        config.settle(before)
        raise ConfigError("settings cannot be saved (%s)" % error)


def _take(config, settings, values):
    """Take new values, unless they contradict each other."""
    before = config.values
    config.settle(values)
    try:
        settings.together(config)
    except ValueError:
        config.settle(before)
        raise


def _bump(config):
    if config.tries:  # of other settings
        config.tries = 0
        save_boot(config)
    config.version = (config.version + 1) & 0xFFFF
    save(config)


def _write_file(config):
    """First the person's file, then the blob: cut between, the next start imports the file."""
    try:
        os.stat(config.path)
    except OSError:
        return
    text = json.dumps(config.values)
    with open(config.path + ".new", "w") as file:
        file.write(text)
    os.rename(config.path + ".new", config.path)
    config.crc = _crc(text)


def _crc(text):
    return binascii.crc32(text.encode()) & 0xFFFFFFFF
