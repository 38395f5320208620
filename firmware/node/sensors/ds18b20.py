"""Maxim DS18B20: thermometer on a 1-Wire line, -55 to +125 degrees Celsius, alone on its pin.

Needs its supply (three wires, not two) and a pull-up of 4.7 kOhm between line and supply.
"""

from struct import unpack_from

import _onewire  # pyright: ignore[reportMissingImports] - in MicroPython's binaries of both ports
from micropython import const

from node.supply import Switched

BUS = "pin"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "temperature"
    SOURCE = (
        "Maxim DS18B20 datasheet 19-7487 rev 6: table 1 (temperatures), 750 ms at 12 bits, "
        "figures 7 and 8 (ROM, scratchpad), +85 degrees at power-on"
    )

    _ROM = b"\x28\xff\x64\x1e\x0f\x00\x00"

    def _answers(low, high, rom=_ROM, kept=b"\xa5\x5a\x7f"):
        """ROM and scratchpad, each without its CRC. kept: TH, TL, configuration."""
        return {"rom": rom, "scratchpad": bytes((low, high)) + kept + b"\xff\x0c\x10"}

    EXAMPLES = (
        (_answers(0xD0, 0x07), {"temperature": 12500}),
        (_answers(0x50, 0x05), {"temperature": 8500}),
        (_answers(0x91, 0x01), {"temperature": 2506}),
        (_answers(0xA2, 0x00), {"temperature": 1013}),
        (_answers(0x08, 0x00), {"temperature": 50}),
        (_answers(0x00, 0x00), {"temperature": 0}),
        (_answers(0xF8, 0xFF), {"temperature": -50}),
        (_answers(0x5E, 0xFF), {"temperature": -1012}),
        (_answers(0x6F, 0xFE), {"temperature": -2506}),
        (_answers(0x90, 0xFC), {"temperature": -5500}),
        (_answers(0x50, 0x05, kept=b"\x4b\x46\x7f"), None),  # it lost its supply: says +85
        (_answers(0x91, 0x01, rom=b"\x10\xff\x64\x1e\x0f\x00\x00"), None),  # a DS18S20
        (dict(_answers(0x91, 0x01), damaged=1), None),
        ({"rom": bytes(7), "scratchpad": bytes(8)}, None),  # the line is held low
        (None, None),
    )  # fmt: skip

_READ_ROM = const(0x33)
_SKIP_ROM = const(0xCC)
_CONVERT = const(0x44)
_WRITE = const(0x4E)
_READ = const(0xBE)
_FAMILY = const(0x28)
_KEPT = b"\xa5\x5a\x7f"
"""TH, TL (unused alarms) and 12 bits. They go with the supply: then the temperature is +85."""
_CONVERT_US = const(750000)  # the longest


class DS18B20(Switched):
    """`read` returns None when none answers, or what it says is damaged or not measured."""

    START_US = 10000  # assumed: its datasheet gives no time from power to the first reset pulse

    def __init__(self, bus, power=None, **_options):
        bus.init(bus.OPEN_DRAIN, bus.PULL_UP, value=1)
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Takes 0.8 s, in which the CPU may sleep, beside 25 ms on the line."""
        await self.wake(clock)
        if not self._is_there():
            return None
        self._command(_WRITE)
        for byte in _KEPT:
            _onewire.writebyte(self._bus, byte)
        self._command(_CONVERT)
        await clock.sleep_until_us(clock.us() + _CONVERT_US)
        self._command(_READ)
        told = self._take(9)
        if _onewire.crc8(told) or told[2:5] != _KEPT:
            return None
        (sixteenths,) = unpack_from("<h", told)
        return {"temperature": (sixteenths * 25 + 2) // 4}

    def _is_there(self):
        """Is it a DS18B20? A line that is held low reads as a ROM of zeros, whose CRC is right."""
        if not _onewire.reset(self._bus):
            return False
        _onewire.writebyte(self._bus, _READ_ROM)
        rom = self._take(8)
        return rom[0] == _FAMILY and not _onewire.crc8(rom)

    def _command(self, code):
        """To all on the line; one that has gone meanwhile is found out by what is read."""
        _onewire.reset(self._bus)
        _onewire.writebyte(self._bus, _SKIP_ROM)
        _onewire.writebyte(self._bus, code)

    def _take(self, count):
        return bytes([_onewire.readbyte(self._bus) for _ in range(count)])
