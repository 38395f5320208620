"""How settings change: by `/device.json`, or by a person or command. Loaded for it.

config: a `node.config.Config`.
"""

import binascii
import json
import os


def import_file(config) -> None:
    """Take the person's file if its text changed. Raises ConfigError and changes nothing."""
    try:
        with open(config.path) as file:
            text = file.read()
    except OSError:
        return
    crc = _crc(text)
    if crc != config.crc:
        from node import settings

        _take(config, settings, settings.parse(text))
        config.crc = crc
        _bump(config)


def update(config, changes: dict) -> None:
    """Check, then change. Raises ConfigError and changes nothing."""
    from node import settings

    values = config.values.copy()
    for name, value in changes.items():
        values[name] = settings.check(name, value)
    _take(config, settings, values)
    put(config, {})


def put(config, checked: dict) -> None:
    """Change settings whose values are known to be valid; on flash in both forms after it."""
    config.values.update(checked)
    config.settle(config.values)
    _write_file(config)
    _bump(config)


def _take(config, settings, values):
    """New values, unless they contradict each other."""
    before = config.values
    config.settle(values)
    try:
        settings.together(config)
    except ValueError:
        config.settle(before)
        raise


def _bump(config):
    config.version = (config.version + 1) & 0xFFFF
    config.save()


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
