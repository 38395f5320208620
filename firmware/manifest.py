"""What to freeze when MicroPython is built from source. Made by tools.build."""

include("$(PORT_DIR)/boards/manifest.py")

FILES = {
    "node": (
        "clock.py",
        "config.py",
        "journal.py",
        "log.py",
        "power.py",
        "profiles.py",
        "sensors/a02yyuw.py",
        "sensors/am312.py",
        "sensors/bh1750.py",
        "store.py",
    ),
    "wire": (
        "__init__.py",
        "codec.py",
        "schema.py",
    ),
}
for name, files in FILES.items():
    package(name, files=files)
