"""TI OPT3001: ambient light over I2C as the eye sees it, 0.08 to 83 865 lx, ranges by itself."""

from micropython import const

from node.supply import Switched

_RESULT = const(0x00)  # exponent in bits 15:12, 12 bits of mantissa
_CONFIG = const(0x01)
_MAKER = const(0x7E)
_DEVICE = const(0x7F)
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "light"
    SOURCE = (
        "TI OPT3001 datasheet SBOS681C: lux = 0.01 x 2^E x R, table 9; registers 7.6.1; "
        "conversion of 100 ms, 110 ms at most, 10 ms more to find the range"
    )

    def _answers(result, config=b"\xc0\x90", maker=b"TI", device=b"\x30\x01"):
        """Registers of a sensor with this result."""
        return {_MAKER: maker, _DEVICE: device, _CONFIG: config, _RESULT: result}

    EXAMPLES = (
        (_answers(b"\x00\x01"), {"lux": 0, "saturated": 0}),  # 0.01 lx
        (_answers(b"\x0f\xff"), {"lux": 40, "saturated": 0}),  # 40.95
        (_answers(b"\x34\x56"), {"lux": 88, "saturated": 0}),  # 88.80
        (_answers(b"\x78\x9a"), {"lux": 2818, "saturated": 0}),  # 2818.56
        (_answers(b"\x88\x00"), {"lux": 5242, "saturated": 0}),  # 5242.88
        (_answers(b"\x94\x00"), {"lux": 5242, "saturated": 0}),
        (_answers(b"\xb8\x00"), {"lux": 41943, "saturated": 0}),  # 41943.04
        (_answers(b"\xbf\xff", config=b"\xc1\x90"), {"lux": 83865, "saturated": 1}),
        (_answers(b"\x34\x56", config=b"\xc2\x10"), None),  # never ready
        (_answers(b"\x34\x56", config=b"\xc8\x90"), None),  # it lost its supply: 800 ms
        (_answers(b"\x34\x56", device=b"\x30\x02"), None),
        (_answers(b"\x34\x56", maker=b"\xff\xff"), None),
        (None, None),
    )

_START = b"\xc2\x10"  # automatic range, 100 ms, single-shot, latched
_SET = const(0xF8)  # of its high byte: range and time, which a fault of the supply changes
_OVERFLOW = const(0x01)  # of its high byte
_READY = const(0x80)  # of its low byte; goes when it is read
_FIRST_US = const(122000)
_LATE_US = const(15000)
_TRIES = const(4)


class OPT3001(Switched):
    """`read` returns None when no OPT3001 answers, or it has lost its settings meanwhile."""

    START_US = 1000  # assumed: its datasheet gives a threshold (0.8 V) and no time

    def __init__(self, bus, addr=0x44, power=None, **_options):
        self._addr = addr
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Takes 0.12 s, in which the CPU may sleep. Powers itself down after it."""
        await self.wake(clock)
        try:
            if self._get(_MAKER) != b"TI" or self._get(_DEVICE) != b"\x30\x01":
                return None
            self._bus.writeto_mem(self._addr, _CONFIG, _START)
            return await self._result(clock)
        except OSError:
            return None

    async def _result(self, clock):
        wait_us = _FIRST_US
        for _ in range(_TRIES):
            await clock.sleep_until_us(clock.us() + wait_us)
            config = self._get(_CONFIG)
            if config[0] & _SET != _START[0] & _SET:
                break
            if config[1] & _READY:
                raw = self._get(_RESULT)
                lux = ((raw[0] & 15) << 8 | raw[1]) << (raw[0] >> 4)
                return {"lux": lux // 100, "saturated": config[0] & _OVERFLOW}
            wait_us = _LATE_US
        return None

    def _get(self, register):
        return self._bus.readfrom_mem(self._addr, register, 2)
