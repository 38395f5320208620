"""Light the lamp's pin before anything heavy: a street lamp is on within 2 s of power.

An ESP32 prepares for 100 imports. Its flash takes 80 us for 32 bytes and 108 us for 1024
(emulated), so its file system is mounted again, with buffers of 1024 bytes as MicroPython gives an
RP2040. `time`, `machine` and the like are looked for as files first, 10 ms at each import, unless
`sys.modules` has them. After deep sleep the firmware comes out of one file, see `packed`.
"""

import sys

ESP32 = sys.platform == "esp32"
if ESP32:
    sys.path[:] = []
    for name in "array binascii collections io json machine os random select struct time".split():
        sys.modules[name] = __import__(name)
    sys.path[:] = [".frozen", "", "/lib"]

try:
    from board import PINS
    from machine import Pin

    if "lamp" in PINS:
        Pin(PINS["lamp"], Pin.OUT, value=1)
except Exception:
    pass  # main.py prints what is wrong with /board.py

if ESP32:
    try:
        import vfs
        from flashbdev import bdev

        files = vfs.VfsLfs2(bdev, readsize=256)
        vfs.umount("/")
        vfs.mount(files, "/")
        from machine import DEEPSLEEP_RESET, reset_cause

        if reset_cause() == DEEPSLEEP_RESET:
            import packed

            packed.mount()
    except Exception:
        pass  # as MicroPython mounted it, and from /lib
