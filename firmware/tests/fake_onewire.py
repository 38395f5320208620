"""MicroPython's `_onewire` with a device on its line: bytes, without their timing.

The device is what `fake_buses.Pin.answer` was given: {"rom": 7 bytes, "scratchpad": 8 bytes} and
"damaged": 1 for a bit lost on the line; None: nobody pulls the line down after a reset.
"""

READ_ROM, SKIP_ROM, WRITE, READ = 0x33, 0xCC, 0x4E, 0xBE


def crc8(data) -> int:
    """x^8 + x^5 + x^4 + 1, from 0, reflected. Source: Maxim application note 27."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc


class Wire:
    """The module: its functions take the pin. `written`: what went to the scratchpad."""

    def __init__(self):
        self.crc8 = crc8
        self.written = b""
        self._said = []
        self._answer = []

    def reset(self, pin):
        self._said = []
        self._answer = []
        return pin.device is not None

    def writebyte(self, pin, byte):
        self._said.append(byte)
        if self._said == [READ_ROM]:
            self._answer = list(pin.device["rom"])
        elif self._said == [SKIP_ROM, READ]:
            self._answer = list(pin.device["scratchpad"])
        elif self._said[:2] == [SKIP_ROM, WRITE]:
            self.written = bytes(self._said[2:])
            return
        else:
            return
        self._answer.append(crc8(self._answer))
        if self._said[-1] == READ and pin.device.get("damaged"):
            self._answer[0] ^= 4

    def readbyte(self, _pin):
        return self._answer.pop(0) if self._answer else 0xFF
