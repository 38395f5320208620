"""Light the lamp's pin before anything heavy: a street lamp is on within 2 s of power.

An ESP32 prepares for 100 imports. `time`, `machine` and the like are looked for as files first,
10 ms at each import, unless `sys.modules` has them. Its flash takes 80 us for 32 bytes and 108 us
for 1024 (emulated), so its file system is mounted again, with buffers of 1024 bytes as MicroPython
gives an RP2040. After deep sleep there is no lamp, and the firmware comes out of one file, see
`packed`; where a sample is all that is due, `node.thin` takes it, and does not come back.
"""

import sys

BUILT_IN = (
    "array asyncio binascii collections cryptolib esp32 io json machine math micropython os "
    "random select struct time vfs"
)


def light():
    from board import PINS
    from machine import Pin

    if "lamp" in PINS:
        Pin(PINS["lamp"], Pin.OUT, value=1)


def woken():
    from machine import DEEPSLEEP_RESET, reset_cause

    return reset_cause() == DEEPSLEEP_RESET


def unpack():
    """`packed` stands at the begin of its file, so that it need not be looked for either."""
    import io
    from struct import unpack

    import vfs

    with open("/lib.pack", "rb") as file:
        data = file.read(unpack("<I", file.read(4))[0])

    class First:
        def mount(self, *_):
            pass

        def umount(self):
            pass

        def stat(self, path):
            if path != "/packed.mpy":
                raise OSError(2)
            return (0x8000,) + 9 * (0,)

        def open(*_):
            return io.BytesIO(data)

    vfs.mount(First(), "/pack")
    sys.path[:] = ["/pack"]
    try:
        import packed
    finally:
        vfs.umount("/pack")
        sys.path[:] = [".frozen", "", "/lib"]
    packed.mount()
    return packed


def sample():
    from node import deep

    kept = deep.for_sample()
    if kept:
        from node import thin

        thin.run(*kept)


def remount(packed):
    import vfs
    from flashbdev import bdev

    files = vfs.VfsLfs2(bdev, readsize=256)
    if packed:
        vfs.umount("/pack")
    vfs.umount("/")
    vfs.mount(files, "/")
    if packed:
        packed.mount()


def attempt(step, *arguments):
    try:
        return step(*arguments)
    except Exception:
        return None  # main.py prints what is wrong with /board.py; all else comes from /lib


if sys.platform == "esp32":
    sys.path[:] = [".frozen"]
    for name in BUILT_IN.split():
        sys.modules[name] = __import__(name)
    sys.path[:] = [".frozen", "", "/lib"]
    pack = None
    if woken():
        pack = attempt(unpack)
        if pack:
            attempt(sample)
    else:
        attempt(light)
    attempt(remount, pack)
else:
    attempt(light)
