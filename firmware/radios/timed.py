"""A LoRa transceiver's instants: the end of a transmission, the begin of a receive window.

The receive window is the hardest real-time task of the node: it is opened from the *measured*
end of transmission (a pin of the chip, stamped in an interrupt; a stamp that comes too late to be
true is cut to what the time on air says), sized in symbols, and in the last milliseconds before it
no other task runs and nothing is allocated. Garbage is collected before a transmission; flash is
written after the MAC's exchange.
"""

import asyncio
import gc
import random
from array import array
from time import sleep_ms, ticks_diff, ticks_us

from lorawan.frame import time_on_air_us
from micropython import const

from radios.errors import RadioError

TYPE_CHECKING = False  # a type checker takes it for True
_HOLD_MS = const(32)  # another task may hold the CPU this long: a full collection
_HOLD_DOZING_MS = const(24)  # a sleeper runs nothing else; settings take 8, a collection 8 more
SPIN_US = const(250)
_LATES = const(64)
_PIECE_MS = const(4000)  # the longest frame takes 9 s, the watchdog waits 8.3
_COLLECT_EVERY = const(4)
_TX_END_US = const(500)  # TxDone after the command and the time on air; 340 to 380 were seen
TX_SLACK_US = const(300000)


class Timed:
    """What a radio is made of that has NSS, SPI and pins that rise at an interrupt.

    The chip's own class has `_wake()`, `_status()` (interrupts that came), `_frame()` (the frame
    just received as (payload, RSSI dBm, SNR x 4), or None), `_clear()` (forget the interrupts)
    and `_begun()` (did the header of a frame come?).

    `error_us`: worst opening error of the last windows, without its sign.
    _command_us: how long the command that opens a window takes by SPI, measured when the radio was
    set up: 60 us for the four bytes of an SX126x on an RP2040, 200 on an ESP32 (emulated).
    _rx_on_us: from that command to the receiver.  _set_rx: the command.
    _no_end: what is said when a transmission does not end.
    """

    naps = True  # does `sleep_ms` end in time? The port may know better
    antenna_dbi = 2
    pins = 1  # how many raise interrupts
    _no_end: str
    _command_us: int
    _rx_on_us: int
    _set_rx: bytearray

    if TYPE_CHECKING:

        def start(self) -> None: ...
        def _status(self) -> int: ...
        def _frame(self) -> "tuple[bytes, int, int] | None": ...
        def _clear(self) -> None: ...
        def _begun(self) -> object: ...

    def __init__(self, spi, nss, reset, clock, interrupts):
        self._spi = spi
        self._nss = nss
        self._reset = reset
        self._clock = clock
        self._stamp = 0
        self._seen = False
        self._flag = asyncio.ThreadSafeFlag()
        self._task = None
        self._on_frame = None
        self._sent = 0
        self.error_us = 0
        self._worst_us = 0
        self._open_us = None
        self._opened = 0
        self._lates = array("h", bytes(2 * _LATES))
        for pin in interrupts:
            clock.on_rising(pin, self._irq)
        self.start()

    def _irq(self, _pin):
        """An interrupt, a hard one where the port has those: nothing is allocated."""
        self._stamp = ticks_us()
        self._seen = True
        self._flag.set()

    def random(self) -> int:
        """32 random bits, from a generator seeded by the receiver's noise."""
        return random.getrandbits(32)

    # --- sending ----------------------------------------------------------------------------

    def _collect(self):
        """Before a transmission."""
        self._sent += 1
        if self._sent % _COLLECT_EVERY == 0:
            gc.collect()

    async def _transmitted(self, end_us, done):
        """The measured end of the transmission that should end at `end_us`.

        done: the interrupt that says so. RadioError when it does not come.
        """
        us = self._clock.us
        if self._clock.may_doze():  # but not to the end: the stamp is exact when awake
            await self._clock.sleep_until_us(end_us - 2000)
            while not self._seen and us() < end_us + 4000:
                sleep_ms(1)
        if not await self._interrupt(end_us + TX_SLACK_US) or not self._status() & done:
            raise RadioError(self._no_end)
        return min(self._clock.at(self._stamp), end_us + _TX_END_US)

    # --- receiving --------------------------------------------------------------------------

    async def _before(self, open_at_us):
        """Sleep until the window is so near that its settings can be made."""
        clock = self._clock
        self._open_us = open_at_us
        hold_ms = _HOLD_DOZING_MS if clock.may_doze() else _HOLD_MS
        await clock.sleep_until_us(open_at_us - hold_ms * 1000)
        self._open_us = None

    def _open(self, at_us):
        """Hold the CPU, spin for the last quarter millisecond, switch the receiver on."""
        due = self._clock.ticks(at_us - self._rx_on_us - self._command_us)
        if self.naps:
            sleep_ms((ticks_diff(due, ticks_us()) - SPIN_US) // 1000)  # none, when negative
        nss = self._nss
        write = self._spi.write
        command = self._set_rx
        while ticks_diff(due, ticks_us()) > 0:
            pass
        nss(0)
        write(command)
        nss(1)
        self._opens(ticks_diff(ticks_us(), due) - self._command_us)

    def _opens(self, late):
        """The window was opened so late, us; too early when negative."""
        late = abs(late)
        self._lates[self._opened % _LATES] = min(late, 32767)
        self._opened += 1
        self._worst_us = max(self._worst_us, late)
        self.error_us = max(late, self.error_us * 15 // 16)

    async def _heard(self, header_us, sf, bw_hz):
        """The frame of the window just opened, or None.

        header_us: until then the header of a frame that began in time has come.
        """
        heard = await self._interrupt(header_us + 20000)
        if not heard and self._begun():  # wait for the end of the frame
            longest_us = time_on_air_us(sf, bw_hz, 255)
            heard = await self._interrupt(header_us + longest_us + 500000)
        return self._frame() if heard else None

    async def _interrupt(self, until_us):
        """True when a pin rose, False at the instant. Sleepers doze: the pin wakes them."""
        clock = self._clock
        while not self._seen:
            left_ms = (until_us - clock.us()) // 1000 + 1
            if left_ms <= 0:
                return False
            if not clock.doze(min(left_ms, 200)):
                try:
                    await asyncio.wait_for_ms(self._flag.wait(), min(left_ms, _PIECE_MS))
                except asyncio.TimeoutError:
                    pass
        return True

    def _hear(self, on_frame):
        """Class C: the receiver is on; a task takes the frames."""
        self._on_frame = on_frame
        self._task = asyncio.create_task(self._listening(on_frame))

    async def _listening(self, on_frame):
        while self._on_frame is on_frame:
            await self._flag.wait()
            self._seen = False
            frame = self._frame()
            self._clear()
            if frame:
                on_frame(*frame)

    def _stop_listening(self):
        task = self._task
        self._task = None
        self._on_frame = None
        if task and task is not asyncio.current_task():
            task.cancel()

    def window_in_ms(self) -> int:
        """Until the CPU belongs to the next receive window; long when none is planned."""
        if self._open_us is None:
            return 1 << 29
        return (self._open_us - self._clock.us()) // 1000 - _HOLD_MS

    def windows(self) -> dict:
        """Own timing error of the receive windows, without sign: the last 64 and the worst, us."""
        late = sorted(self._lates[: self._opened])
        half = late[len(late) // 2] if late else None
        return {"n": self._opened, "p50_us": half, "max_us": self._worst_us}
