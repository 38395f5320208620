"""What a test needs of a device: MicroPython's own calls on CPython, and a `machine` of its own.

Import it before anything of `node` or `radios`.
"""

import asyncio
import gc
import os
import sys
import time

from tests.fake_buses import ADC, I2C, SPI, UART, Pin
from tests.fake_onewire import Wire


class PWM:
    """A dimmer's output; `duties` in the order they were set."""

    def __init__(self, pin, freq=0, duty_u16=0):
        self.duties = [duty_u16]

    def duty_u16(self, value):
        self.duties.append(value)


class Machine:
    """The module `machine`."""

    Pin, PWM, ADC, UART, I2C, SPI = Pin, PWM, ADC, UART, I2C, SPI
    WDT_RESET = 3

    def __init__(self):
        self.mem32 = {0x4005800C: 0}
        self.dozed = []
        self.resets = 0

    def freq(self, *_hz):
        return 125000000

    def reset_cause(self):
        return 1

    def lightsleep(self, ms):
        self.dozed.append(ms)

    def reset(self):
        self.resets += 1

    def time_pulse_us(self, pin, _level, _timeout_us):
        """The next of the widths that the pin was given; -2 when no pulse comes."""
        return pin.device.pop(0) if pin.device else -2


class RingIO:
    """`micropython.RingIO` for CPython: `write` takes what there is room for."""

    def __init__(self, size):
        self._size = size
        self._held = bytearray()

    def any(self):
        return len(self._held)

    def write(self, data):
        taken = data[: self._size - len(self._held)]
        self._held += taken
        return len(taken)

    def readinto(self, buffer):
        given = min(len(buffer), len(self._held))
        buffer[:given] = self._held[:given]
        del self._held[:given]
        return given or None


class Micropython:
    """The module `micropython`: constants, and the buffer of `node.flag`."""

    RingIO = RingIO

    @staticmethod
    def const(value):
        return value

    @staticmethod
    def kbd_intr(_char):
        return None


class Flag:
    """`asyncio.ThreadSafeFlag` for CPython."""

    def __init__(self):
        self._event = asyncio.Event()

    def set(self):
        self._event.set()

    def clear(self):
        self._event.clear()

    async def wait(self):
        await self._event.wait()
        self._event.clear()


async def _sleep_ms(ms):
    await asyncio.sleep(ms / 1000)


async def _wait_for_ms(awaitable, ms):
    return await asyncio.wait_for(awaitable, ms / 1000)


skipped_us = [0]
"""Added to the ticks under CPython: a test that moves it lets days pass."""

machine = Machine()
sys.modules["machine"] = machine
sys.modules["_onewire"] = Wire()
if sys.implementation.name == "cpython":
    sys.modules["micropython"] = Micropython()
    asyncio.sleep_ms = _sleep_ms
    asyncio.wait_for_ms = _wait_for_ms
    asyncio.ThreadSafeFlag = Flag
    gc.mem_alloc = gc.mem_free = lambda: 0
    time.ticks_us = lambda: (time.monotonic_ns() // 1000 + skipped_us[0]) & 0x3FFFFFFF
    time.ticks_ms = lambda: (time.monotonic_ns() // 1000 + skipped_us[0]) // 1000 & 0x3FFFFFFF
    time.ticks_diff = lambda late, early: (late - early + 0x20000000 & 0x3FFFFFFF) - 0x20000000
    time.ticks_add = lambda ticks, delta: ticks + delta & 0x3FFFFFFF
    sys.print_exception = lambda error, file: file.write(
        "%s: %s\n" % (type(error).__name__, error)
    )
    time.sleep_ms = lambda ms: time.sleep(ms / 1000)
    time.sleep_us = lambda us: time.sleep(us / 1000000)

_made = []


def folder() -> str:
    """An empty folder of its own, until `clean`."""
    name = "/tmp/lamplighter-%d-%d" % (time.ticks_us(), len(_made))
    os.mkdir(name)
    _made.append(name)
    return name


def clean() -> None:
    """Remove the folders that were made; the end of the tests."""
    while _made:
        _remove(_made.pop())


def _remove(path):
    if not os.stat(path)[0] & 0x4000:
        os.remove(path)
        return
    for name in os.listdir(path):
        _remove(path + "/" + name)
    os.rmdir(path)


if sys.implementation.name == "cpython":
    import atexit

    atexit.register(clean)


def contents(path: str) -> bytes:
    """A file's bytes."""
    with open(path, "rb") as file:
        return file.read()


class Log:
    """Keeps what was said."""

    def __init__(self):
        self.lines = []

    def __call__(self, source, text):
        self.lines.append("%s: %s" % (source, text))


class Clock:
    """Time that stands until it is moved."""

    def __init__(self):
        self.now_us = 0
        self.unix_s = 0
        self.unix_us = None  # Unix time at `us()` 0
        self.error = 0

    def error_ms(self):
        return self.error if self.unix_s else None

    def us(self):
        return self.now_us

    async def sleep_until_us(self, us):
        self.now_us = max(self.now_us, us)

    def uptime_s(self):
        return self.now_us // 1000000

    def unix(self):
        return self.unix_s
