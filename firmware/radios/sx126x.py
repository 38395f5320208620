"""Semtech SX1262: the five calls of a LoRaWAN radio, timed by the microsecond.

The receive window is the hardest real-time task of the node: it is opened from the *measured*
end of transmission (DIO1 stamped in a hard interrupt), sized in symbols, and from `_HOLD_MS` before
it nobody else runs and nothing is allocated. It collects
garbage before it transmits; who writes to flash waits until the MAC's exchange is over.

Source: SX1261/2 datasheet rev 2.1; chapters are named at the numbers.
"""

import asyncio
import gc
import os
import random
from array import array
from struct import pack_into
from time import sleep_ms, ticks_add, ticks_diff, ticks_us

from micropython import const

_SLEEP = const(0x84)
_STANDBY = const(0x80)
_TX = const(0x83)
_RX = const(0x82)
_WRITE_REG = const(0x0D)
_READ_REG = const(0x1D)
_WRITE_BUF = const(0x0E)
_READ_BUF = const(0x1E)
_DIO_IRQ = const(0x08)
_GET_IRQ = const(0x12)
_CLEAR_IRQ = const(0x02)
_FREQUENCY = const(0x86)
_TX_PARAMS = const(0x8E)
_MODULATION = const(0x8B)
_PACKET = const(0x8C)
_PA = const(0x95)
_SYMBOLS = const(0xA0)
_TCXO = const(0x97)
_RX_STATUS = const(0x13)
_PACKET_STATUS = const(0x14)
_ERRORS = const(0x17)

_TX_DONE = const(0x001)
_RX_DONE = const(0x002)
_HEADER_ERR = const(0x020)
_CRC_ERR = const(0x040)
_TIMEOUT = const(0x200)

_R_SYNC_TIMEOUT = const(0x0706)
_R_IQ = const(0x0736)  # 15.4
_R_SYNC = const(0x0740)
_R_RANDOM = const(0x0819)
_R_TX_MODULATION = const(0x0889)  # 15.1
_R_TX_CLAMP = const(0x08D8)  # 15.2

_START = (
    b"\x96\x01",  # DC-DC regulator
    b"\x8a\x01",  # LoRa; before modulation and packet parameters
    b"\x93\x20",  # fall back to STDBY_RC
    b"\x8f\x00\x00",  # both buffers from 0
    b"\x0d\x07\x40\x34\x44",  # sync word of public networks
    b"\x0d\x08\xe7\x38",  # over-current at 140 mA
    b"\x0d\x08\xac\x96",  # boosted receiver (9.6) ...
    b"\x0d\x02\x9f\x01\x08\xac",  # ... also after warm sleep
)
_PA_STEPS = ((14, 2, 2), (17, 2, 3), (20, 3, 5), (22, 4, 7))  # 13.1.14: up to dBm, duty, hp
_TCXO_MV = (1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)  # 13.3.6
_IMAGES = ((425, 0x6B6F), (460, 0x7581), (770, 0xC1C5), (850, 0xD7DB), (900, 0xE1E9))  # 9.2.1
_TCXO_START_MS = const(5)
_HOLD_MS = const(32)  # others may hold the CPU this long before a window: a full collection
_SPIN_US = const(1500)
_LATES = const(64)
_COMMAND_US = const(40)  # SetRx by SPI at 8 MHz
_RX_ON_US = const(174)  # the command, STDBY_XOSC to RX (62 us, 8.3), and the stamp's lateness
_BUSY_US = const(400000)
_COLLECT_EVERY = const(3)
_TX_SLACK_US = const(300000)


class RadioError(OSError):
    """The radio does not do as told; the sentence says what to check."""


def time_on_air_us(sf: int, bw_hz: int, size: int) -> int:
    """Microseconds a packet of `size` bytes takes: explicit header, CRC, 4/5, preamble of 8.

    Source: 6.1.4.
    """
    low = _low_rate(sf, bw_hz)
    chunks = max(0, -((8 * size - 4 * sf + 44) // (-4 * (sf - 2 * low)))) * 5
    return (4 * chunks + 81) * ((1 << sf) * 250000 // bw_hz)


def _low_rate(sf, bw_hz):
    """Low data rate optimisation: on when a symbol takes 16.38 ms or more. Source: 6.1.1.4."""
    return (1 << sf) * 1000 >= 16 * bw_hz


class SX126X:
    """One radio. `error_us`: worst opening error of a window so far, without its sign."""

    def __init__(self, spi, nss, busy, dio1, reset, clock, tcxo_mv=0, dio2_switch=True):
        self._spi, self._nss, self._busy, self._reset = spi, nss, busy, reset
        self._clock = clock
        self._tcxo_mv = tcxo_mv
        self._dio2 = dio2_switch
        self._out = bytearray(12)
        self._in = bytearray(12)
        self._outs = [memoryview(self._out)[:n] for n in range(13)]
        self._ins = [memoryview(self._in)[:n] for n in range(13)]
        self._stamp = 0
        self._seen = False
        self._flag = asyncio.ThreadSafeFlag()
        self._task = self._on_frame = None
        self._asleep = False
        self._sent = 0
        self._image = 0
        self.error_us = 0
        self._open_us = None
        self._opened = 0
        self._lates = array("h", bytes(2 * _LATES))
        dio1.irq(self._irq, dio1.IRQ_RISING, hard=True)
        self.start()

    def _irq(self, _pin):
        """Hard interrupt: nothing is allocated."""
        self._stamp = ticks_us()
        self._seen = True
        self._flag.set()

    # --- commands ---------------------------------------------------------------------------

    def _wait(self):
        """BUSY low. RadioError after 0.4 s: nobody is there, or the wiring is wrong."""
        busy = self._busy
        start = ticks_us()
        while busy():
            waited = ticks_diff(ticks_us(), start)
            if waited > _BUSY_US:
                raise RadioError(
                    "sx126x: BUSY stays high; check power, wiring and PINS of /board.py, then reset"
                )
            if waited > 300:
                sleep_ms(1)

    def _send(self, command):
        self._wait()
        nss = self._nss
        nss(0)
        self._spi.write(command)
        nss(1)

    def _bytes(self, count, *values):
        """Send `count` bytes given one by one."""
        out = self._out
        for at in range(count):
            out[at] = values[at]
        self._send(self._outs[count])

    def _ask(self, size, opcode, high=0, low=0):
        """Send an opcode, read `size` bytes in all; the answer's view."""
        out = self._out
        out[0] = opcode
        out[1] = high
        out[2] = low
        for at in range(3, size):
            out[at] = 0
        self._wait()
        nss = self._nss
        nss(0)
        self._spi.write_readinto(self._outs[size], self._ins[size])
        nss(1)
        return self._in

    def _register(self, address):
        return self._ask(5, _READ_REG, address >> 8, address & 255)[4]

    def _set_register(self, address, value):
        self._bytes(4, _WRITE_REG, address >> 8, address & 255, value)

    def _set_bits(self, address, mask, on):
        """Read, change, write. Nothing is written when it stands so."""
        old = self._register(address)
        new = old | mask if on else old & ~mask
        if new != old:
            self._set_register(address, new)

    # --- states -----------------------------------------------------------------------------

    def start(self) -> None:
        """Reset and set up. RadioError when no SX126x answers."""
        self._reset(0)
        sleep_ms(1)
        self._reset(1)
        sleep_ms(5)
        self._asleep = False
        self._image = 0
        self._bytes(2, _STANDBY, 0)
        if self._tcxo_mv:
            steps = _TCXO_START_MS * 64
            self._bytes(5, _TCXO, _TCXO_MV.index(self._tcxo_mv), 0, steps >> 8, steps & 255)
            self._send(b"\x07\x00\x00")  # XOSC_START_ERR is expected before (13.3.6)
        self._send(b"\x89\x7f")  # calibrate all
        if self._dio2:
            self._send(b"\x9d\x01")
        for command in _START:
            self._send(command)
        self._set_bits(_R_TX_CLAMP, 0x1E, True)
        answer = self._ask(4, _ERRORS)
        errors = answer[2] << 8 | answer[3]
        if self._register(_R_SYNC) != 0x34 or errors & 0x7F:
            raise RadioError(
                "sx126x: answers wrongly (errors 0x%02x); check SPI pins and TCXO_MV of /board.py" % errors
            )
        self._seed()
        self.sleep()

    def _seed(self):
        """Noise of the receiver into the generator of `random`. Source: 12.1, RandomNumberGen."""
        self._tune(868100000, 7, 125000)
        self._packet(255, 0, 1)
        self._send(b"\x82\xff\xff\xff")
        sleep_ms(2)
        noise = int.from_bytes(os.urandom(4), "big")
        for at in range(4):
            noise ^= self._register(_R_RANDOM + at) << 8 * at
        random.seed(noise)
        self._bytes(2, _STANDBY, 0)

    def _wake(self, xosc=1):
        """To standby, on the crystal or TCXO: from there TX and RX start without delay."""
        self._stop_listening()
        if self._asleep:
            self._nss(0)
            self._wait()
            self._nss(1)
            self._asleep = False
        self._bytes(2, _STANDBY, xosc)

    def sleep(self) -> None:
        """Warm sleep, 0.6 uA: settings stay."""
        self._stop_listening()
        if not self._asleep:
            self._bytes(2, _STANDBY, 0)
            self._bytes(2, _SLEEP, 4)
            self._asleep = True

    def random(self) -> int:
        """32 random bits, from a generator seeded by the receiver's noise."""
        return random.getrandbits(32)

    # --- settings of a packet ---------------------------------------------------------------

    def _tune(self, freq_hz, sf, bw_hz):
        image = 0
        for above_mhz, codes in _IMAGES:
            if freq_hz >= above_mhz * 1000000:
                image = codes
        if image != self._image:
            self._image = image
            self._bytes(3, 0x98, image >> 8, image & 255)
        out = self._out
        out[0] = _FREQUENCY
        pack_into(">I", out, 1, (freq_hz * 16384 + 7812) // 15625)
        self._send(self._outs[5])
        width = {125000: 4, 250000: 5, 500000: 6}[bw_hz]
        self._bytes(5, _MODULATION, sf, width, 1, int(_low_rate(sf, bw_hz)))

    def _packet(self, size, crc, inverted):
        self._bytes(7, _PACKET, 0, 8, 0, size, crc, inverted)
        self._set_bits(_R_IQ, 4, not inverted)

    def _irqs(self, mask):
        """Let only `mask` raise DIO1, and forget what was."""
        high, low = mask >> 8, mask & 255
        self._bytes(9, _DIO_IRQ, high, low, high, low, 0, 0, 0, 0)
        self._send(b"\x02\x03\xff")
        self._flag.clear()
        self._seen = False

    def _power(self, dbm):
        dbm = max(-9, min(22, dbm))
        for top, duty, size in _PA_STEPS:
            if dbm <= top:
                break
        self._bytes(5, _PA, duty, size, 0, 1)
        self._bytes(3, _TX_PARAMS, 22 - top + dbm & 255, 4)  # ramp 200 us

    async def _interrupt(self, until_us):
        """True when DIO1 rose, False at the instant. Sleepers doze: the pin wakes them."""
        clock = self._clock
        while not self._seen:
            left_ms = (until_us - clock.us()) // 1000 + 1
            if left_ms <= 0:
                return False
            if not clock.doze(min(left_ms, 200)):
                try:
                    await asyncio.wait_for_ms(self._flag.wait(), left_ms)
                except asyncio.TimeoutError:
                    return self._seen
        return True

    def _status(self):
        answer = self._ask(4, _GET_IRQ)
        return answer[2] << 8 | answer[3]

    # --- the calls --------------------------------------------------------------------------

    async def transmit(self, frame: bytes, freq_hz: int, sf: int, bw_hz: int, power_dbm: int) -> int:
        """Send one uplink (IQ normal, CRC). Returns its measured end on the clock, us.

        RadioError when the radio does not report the end.
        """
        self._sent += 1
        if self._sent % _COLLECT_EVERY == 0:
            gc.collect()
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(len(frame), 1, 0)
        self._power(power_dbm)
        self._set_bits(_R_TX_MODULATION, 4, bw_hz != 500000)
        self._send(b"\x0e\x00" + frame)
        self._irqs(_TX_DONE | _TIMEOUT)
        clock = self._clock
        air_us = time_on_air_us(sf, bw_hz, len(frame))
        timeout = (air_us + _TX_SLACK_US) * 8 // 125
        self._bytes(4, _TX, timeout >> 16, timeout >> 8 & 255, timeout & 255)
        now = clock.us()
        await clock.sleep_until_us(now + air_us - 4000)
        await self._awake(now + air_us + _TX_SLACK_US)
        if not self._seen or not self._status() & _TX_DONE:
            raise RadioError("sx126x: no end of transmission; check DIO1 in PINS of /board.py")
        return clock.at(self._stamp)

    async def _awake(self, until_us):
        """The last milliseconds of a transmission without light sleep: the stamp is then exact."""
        clock = self._clock
        while not self._seen and clock.us() < until_us:
            await asyncio.sleep_ms(1)

    async def receive(self, open_at_us: int, symbols: int, freq_hz: int, sf: int, bw_hz: int):
        """One window for a downlink (IQ inverted, no CRC), receiver on at `open_at_us`.

        symbols: 1..248 without a preamble end it. Returns (payload, RSSI dBm, SNR x 4) or None.
        """
        clock = self._clock
        self._open_us = open_at_us
        await clock.sleep_until_us(open_at_us - _HOLD_MS * 1000)
        self._open_us = None
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1)
        self._irqs(_RX_DONE | _TIMEOUT | _HEADER_ERR | _CRC_ERR)
        self._symbols(symbols)
        symbol_us = (1 << sf) * 1000000 // bw_hz
        window_us = (symbols + 24) * symbol_us  # preamble and header of a frame begun in time
        out = self._out
        pack_into(">I", out, 0, (window_us * 8 // 125) & 0xFFFFFF | _RX << 24)
        self._wait()
        self._open(open_at_us)
        heard = await self._interrupt(open_at_us + window_us + 20000)
        if heard and self._status() & _RX_DONE == 0:
            return None
        return self._frame() if heard else await self._late_frame(open_at_us, sf, bw_hz)

    def _symbols(self, count):
        """SetLoRaSymbNumTimeout: above 63 a mantissa and exponent (13.4.9); rounded up."""
        exponent = 0
        mantissa = (min(count, 248) + 1) // 2
        while mantissa > 31:
            mantissa = (mantissa + 3) // 4
            exponent += 1
        self._bytes(2, _SYMBOLS, mantissa << 2 * exponent + 1)
        self._set_register(_R_SYNC_TIMEOUT, exponent + (mantissa << 3))

    def _open(self, at_us):
        """Hold the CPU, spin for the last 1.5 ms, switch the receiver on. Allocates nothing late."""
        clock = self._clock
        left_us = at_us - clock.us()
        due = ticks_add(ticks_us(), left_us - _RX_ON_US)
        if left_us > 2 * _SPIN_US:
            clock.nap((left_us - _SPIN_US) // 1000)
        nss, write, command = self._nss, self._spi.write, self._outs[4]
        while ticks_diff(due, ticks_us()) > 0:
            pass
        nss(0)
        write(command)
        nss(1)
        late = abs(ticks_diff(ticks_us(), due) - _COMMAND_US)
        self._lates[self._opened % _LATES] = min(late, 32767)
        self._opened += 1
        self.error_us = max(self.error_us, late)

    def window_in_ms(self) -> int:
        """Until the CPU belongs to the next receive window; long when none is planned."""
        if self._open_us is None:
            return 1 << 29
        return (self._open_us - self._clock.us()) // 1000 - _HOLD_MS

    def windows(self) -> dict:
        """Own timing error of the receive windows, without sign: the last 64 and the worst, us."""
        count = min(self._opened, _LATES)
        late = sorted(self._lates[:count])
        return {
            "n": self._opened,
            "p50_us": late[count // 2] if count else None,
            "max_us": self.error_us,
        }

    async def _late_frame(self, opened_us, sf, bw_hz):
        """A frame's header came in time, its end comes later: at most the longest frame's time."""
        longest_us = time_on_air_us(sf, bw_hz, 255)
        if await self._interrupt(opened_us + longest_us + 500000) and self._status() & _RX_DONE:
            return self._frame()
        return None

    def _frame(self):
        """Payload, RSSI and SNR of the frame just received; None when its CRC or header is bad."""
        if self._status() & (_CRC_ERR | _HEADER_ERR):
            return None
        answer = self._ask(4, _RX_STATUS)
        payload, at = bytearray(answer[2]), answer[3]
        self._wait()
        self._nss(0)
        self._spi.write(bytes((_READ_BUF, at, 0)))
        self._spi.readinto(payload)
        self._nss(1)
        answer = self._ask(5, _PACKET_STATUS)
        snr = answer[3]
        return bytes(payload), -(answer[2] // 2), snr - 256 if snr > 127 else snr

    def listen(self, freq_hz: int, sf: int, bw_hz: int, on_frame) -> None:
        """Class C: receive until the next call; `on_frame(payload, rssi_dbm, snr_x4)` for each frame."""
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1)
        self._irqs(_RX_DONE | _HEADER_ERR | _CRC_ERR)
        self._send(b"\x82\xff\xff\xff")
        self._on_frame = on_frame
        self._task = asyncio.create_task(self._listening(on_frame))

    async def _listening(self, on_frame):
        while self._on_frame is on_frame:
            await self._flag.wait()
            self._seen = False
            status = self._status()
            frame = self._frame() if status & _RX_DONE else None
            self._send(b"\x02\x03\xff")
            if frame:
                on_frame(*frame)

    def _stop_listening(self):
        task, self._task, self._on_frame = self._task, None, None
        if task and task is not asyncio.current_task():
            task.cancel()


def from_board(board, clock) -> SX126X:
    """The radio as `board` wires it. RadioError when it does not answer."""
    from machine import SPI, Pin

    pins = board.PINS
    spi = SPI(
        board.RADIO_SPI, baudrate=8000000,
        sck=Pin(pins["sck"]), mosi=Pin(pins["mosi"]), miso=Pin(pins["miso"]),
    )  # fmt: skip
    return SX126X(
        spi, Pin(pins["nss"], Pin.OUT, value=1), Pin(pins["busy"], Pin.IN), Pin(pins["dio1"], Pin.IN),
        Pin(pins["reset"], Pin.OUT, value=1), clock, board.TCXO_MV, board.RF_SWITCH == "dio2",
    )  # fmt: skip
