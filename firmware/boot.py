"""Light the lamp's pin before anything heavy: a street lamp is on within 2 s of power.

Then an ESP32 mounts its file system again, with buffers of 1024 bytes as MicroPython gives an
RP2040: a read of its flash takes 80 us for 32 bytes and 108 us for 1024 (emulated), and there are
2000 of them between power and a node that runs.
"""

try:
    from board import PINS
    from machine import Pin

    if "lamp" in PINS:
        Pin(PINS["lamp"], Pin.OUT, value=1)
except Exception:
    pass  # main.py prints what is wrong with /board.py

try:
    import vfs
    from flashbdev import bdev  # an ESP32's alone

    files = vfs.VfsLfs2(bdev, readsize=256)
    vfs.umount("/")
    vfs.mount(files, "/")
except Exception:
    pass  # as MicroPython mounted it
