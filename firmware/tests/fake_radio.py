"""Chips that only keep their registers and answer at once, and the clock of who tests a radio."""

import time

from tests.fake_device import Pin

# isort: split
from radios.errors import RadioError


def failed(call, *arguments):
    """What the RadioError says that the call raises; None without one."""
    try:
        call(*arguments)
    except RadioError as error:
        return str(error)
    return None


class Board:
    """A board file, as far as a radio goes; literals: what it has besides, or otherwise."""

    RADIO_SPI = 1
    TCXO_MV = 0
    RF_SWITCH = "dio2"
    PINS = {
        "sck": 10, "mosi": 11, "miso": 12, "nss": 3, "busy": 2, "reset": 15, "dio0": 21, "dio1": 20
    }  # fmt: skip

    def __init__(self, **literals):
        for name, value in literals.items():
            setattr(self, name, value)


class Clock:
    """Time jumps to where somebody sleeps to."""

    now = 0

    def us(self):
        return self.now

    def at(self, _ticks):
        return self.now

    def ticks(self, at_us):
        return time.ticks_add(time.ticks_us(), at_us - self.now)

    def doze(self, _ms):
        return False

    def may_doze(self):
        return False

    def on_rising(self, pin, handler):
        pin.irq(handler, pin.IRQ_RISING)

    async def sleep_until_us(self, until):
        self.now = max(self.now, until)


class HastyClock(Clock):
    """Faster than the waits, which are real."""

    def us(self):
        self.now += 50000
        return self.now


class Sx126x:
    """Registers, a buffer, interrupts and a list of commands."""

    FRAME, EMPTY, BROKEN = 0x002, 0x200, (0x020, 0x042)

    def __init__(self):
        self.commands = []
        self.registers = {0x0740: 0x14, 0x0736: 0x0D}
        self.irq = 0
        self.errors = 0
        self.received = b""
        self.dio1 = Pin(20)
        self.air = None

    def write(self, data):
        data = bytes(data)
        self.commands.append(data)
        if data[0] == 0x0D:
            for at in range(3, len(data)):
                self.registers[(data[1] << 8 | data[2]) + at - 3] = data[at]
        elif data[0] == 0x83:
            self.raise_irq(1)
        elif data[0] == 0x82 and self.air is not None:
            self.raise_irq(self.air)
        elif data[0] == 0x02:
            self.irq = 0
            self.dio1.level = 0

    def raise_irq(self, bits):
        self.irq = bits
        self.dio1.edge()

    def write_readinto(self, out, answer):
        for at in range(len(answer)):
            answer[at] = 0
        if out[0] == 0x1D:
            answer[4] = self.registers.get(out[1] << 8 | out[2], 0)
        elif out[0] == 0x12:
            answer[2], answer[3] = self.irq >> 8, self.irq & 255
        elif out[0] == 0x13:
            answer[2], answer[3] = len(self.received), 0
        elif out[0] == 0x14:
            answer[2], answer[3] = 160, 0xF0
        elif out[0] == 0x17:
            answer[3] = self.errors

    def readinto(self, view):
        view[:] = self.received

    def last(self, opcode):
        return [one for one in self.commands if one[0] == opcode][-1]


class Sx1276:
    """Registers by address, a FIFO, and a list of what was written."""

    FRAME, EMPTY, BROKEN = 0x50, 0x80, (0x70,)

    def __init__(self):
        self.commands = []
        self.registers = {0x42: 0x12}
        self.received = b""
        self.dio0 = Pin(26)
        self.dio1 = Pin(33)
        self.air = None

    def write(self, data):
        data = bytes(data)
        self.commands.append(data)
        if data[0] == 0x80:
            self.fifo = data[1:]
        elif data[0] == 0x92:
            self.registers[0x12] = 0
            self.dio0.level = self.dio1.level = 0
        elif data[0] & 0x80:
            for at in range(1, len(data)):
                self.registers[(data[0] & 0x7F) + at - 1] = data[at]
            if data[0] == 0x81:
                self._enter(data[1])

    def _enter(self, mode):
        if mode == 0x83:
            self.raise_irq(0x08)
        elif mode == 0x86 and self.air is not None:
            self.raise_irq(self.air)

    def raise_irq(self, bits):
        self.registers[0x12] = bits
        (self.dio0 if bits & 0x48 else self.dio1).edge()

    def write_readinto(self, out, answer):
        first = out[0]
        self.registers.update({0x10: 0, 0x13: len(self.received), 0x19: 0xF0, 0x1A: 81})
        for at in range(1, len(answer)):
            answer[at] = self.registers.get(first + at - 1, 0)

    def readinto(self, view):
        view[:] = self.received

    def last(self, address):
        return [one for one in self.commands if one[0] == address | 0x80][-1]
