"""How settings are loaded, rolled back, changed and stored. Unloaded after each use.

config: a `node.config.Config`. Blob `config`: version, CRC-32 of the person's file, values. Blob
`boot`: starts, the version that booted last, starts of another one that did not.
"""

import binascii
import json
import os
import struct

from node.errors import ConfigError

_BOOT = "<HHH"
_LONGEST = 4096  # characters of a device.json: all settings take a third


def load(config, log) -> None:
    """Take the settings of the last save; count starts that did not reach `booted`.

    At the third start of a version that never booted, the one before is taken again.
    """
    _adopt(config, config.store.load("config"))
    blob = config.store.load("boot")
    boots, good, tries = struct.unpack(_BOOT, blob) if blob else (0, 0, 0)
    config.boots = (boots + 1) & 0xFFFF
    tries = tries + 1 if good != config.version else 0
    before = config.store.previous("config") if tries > 2 else None
    if before:
        bad = config.version
        crc = config.crc
        _adopt(config, before)
        config.version = bad + 1 & 0xFFFF
        config.crc = crc
        save(config)
        good = config.version
        tries = 0
        log("config", "version %d failed to boot twice, rolled back" % bad)
    config.good = good
    _save_boot(config, tries)


def _adopt(config, blob):
    saved = json.loads(blob) if blob else {}
    config.version = saved.get("version", 0)
    config.crc = saved.get("crc", 0)
    config.settle(saved.get("values", {}))


def booted(config) -> None:
    """This version runs: it will not be rolled back."""
    if config.good != config.version:
        config.good = config.version
        _save_boot(config, 0)


def _save_boot(config, tries):
    config.store.keep("boot", struct.pack(_BOOT, config.boots, config.good, tries))


def save(config) -> None:
    """Version and values to flash."""
    saved = {"version": config.version, "crc": config.crc, "values": config.values}
    config.store.save("config", json.dumps(saved).encode())


def import_file(config) -> None:
    """Take the person's file if its text changed. Raises ConfigError and changes nothing."""
    try:
        with open(config.path) as file:
            text = file.read(_LONGEST)
    except OSError:
        return
    except UnicodeError:
        text = "?"
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
