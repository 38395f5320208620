"""What to freeze when MicroPython is built from source. Made by tools.build."""

include("$(PORT_DIR)/boards/manifest.py")

FILES = {
    "lorawan": (
        "__init__.py",
        "commands.py",
        "crypto.py",
        "frame.py",
        "join.py",
        "mac.py",
        "region/__init__.py",
        "region/eu868.py",
        "saved.py",
        "session.py",
    ),
    "node": (
        "__init__.py",
        "app.py",
        "changes.py",
        "clock.py",
        "commands.py",
        "config.py",
        "console.py",
        "defaults.py",
        "errors.py",
        "journal.py",
        "lamp.py",
        "links/__init__.py",
        "links/lorawan.py",
        "log.py",
        "payloads/__init__.py",
        "payloads/bin.py",
        "payloads/counter.py",
        "payloads/lamp.py",
        "ports/__init__.py",
        "ports/esp32.py",
        "ports/rp2.py",
        "power.py",
        "profiles.py",
        "readings.py",
        "record.py",
        "segments.py",
        "sensors/__init__.py",
        "sensors/a02yyuw.py",
        "sensors/am312.py",
        "sensors/bh1750.py",
        "settings.py",
        "shell.py",
        "start.py",
        "store.py",
        "wiring.py",
    ),
    "radios": (
        "__init__.py",
        "sx126x.py",
        "sx126x_start.py",
    ),
    "wire": (
        "__init__.py",
        "codec.py",
        "schema.py",
        "words.py",
    ),
}
for name, files in FILES.items():
    package(name, files=files)
module("unload.py")
