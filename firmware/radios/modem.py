"""Any modem of micropython-lib's package `lora`: SX126x, SX127x, STM32WL5, by its public calls.

For a chip that has no driver here. What such a radio cannot, beside radios.sx126x and sx1276:
- A receive window ends by time, not by symbols, and the time must hold a whole header: 32 symbols
  where 8 would do. The receiver is on four to five times as long.
- A window opens by a call that sets the whole receiver up, some ms of Python; how much that
  varies is the error of `windows()`, and the MAC widens its windows by it.
- Random numbers come from the port, not from the receiver; an SX126x stays on its LDO.
- An SX127x sends 17 dBm at most: for more the package writes a field that is a bit too narrow.

Source: micropython-lib, micropython/lora, README; packages lora 0.2 and lora-sync 0.1.
"""

import os
import random
from time import sleep_ms, ticks_diff, ticks_us

from lorawan.frame import time_on_air_us
from micropython import const

from radios.errors import RadioError
from radios.timed import SPIN_US, Timed

_CONFIG = {
    "freq_khz": 868100, "sf": 7, "bw": "125", "coding_rate": 5, "preamble_len": 8,
    "syncword": 0x34, "crc_en": True, "implicit_header": False, "invert_iq_rx": True,
    "invert_iq_tx": False, "tx_ant": "PA_BOOST", "output_power": 14,
}  # fmt: skip
_RX_ON_US = const(100)  # from the command to the receiver: 62 us an SX1262, 154 an SX1276
_HEADER_SYMBOLS = const(24)  # the rest of a preamble begun in time, and its header
_ASLEEP_US = const(500)  # an SX126x must not be woken sooner (13.1.1)
_MEASURED = ("rssi", "snr")  # the package's names, by text: the build shortens those of ours
_PACKAGE_FAILS = (RuntimeError, ValueError, KeyError)


class Modem(Timed):
    """One radio.

    make() is its modem, freshly reset. interrupts: its DIO pins; a chip without any calls back.
    most_dbm: no more is asked of it.
    """

    _rx_on_us = _RX_ON_US
    _no_end = "modem: no end of transmission; check DIO pins in PINS of /board.py"

    def __init__(self, make, interrupts, most_dbm, clock):
        self._make = make
        self._most_dbm = most_dbm
        self.pins = len(interrupts)
        super().__init__(None, None, None, clock, interrupts)

    # --- states -----------------------------------------------------------------------------

    def start(self) -> None:
        """Reset and set up. RadioError when the package finds no modem."""
        from radios import modem_start

        self._stop_listening()
        try:
            self._modem = modem = self._make()
            modem.configure(_CONFIG)
            modem_start.mend(modem)
            modem.calibrate()
            modem.calibrate_image()
        except _PACKAGE_FAILS as error:
            raise RadioError("modem: %s; check power, PINS and TCXO_MV of /board.py" % error)
        if not self.pins:
            modem.set_irq_callback(self._called)
        random.seed(int.from_bytes(os.urandom(4), "big"))
        self._command_us = modem_start.command_us(modem)
        self.sleep()

    def _called(self):
        self._irq(None)

    def _wake(self):
        self._stop_listening()
        while 0 <= ticks_diff(ticks_us(), self._slept) < _ASLEEP_US:
            pass
        self._modem.standby()

    def sleep(self) -> None:
        """As deep as the package can; settings stay."""
        self._stop_listening()
        self._modem.sleep()
        self._slept = ticks_us()

    def _tune(self, freq_hz, sf, bw_hz):
        self._modem.configure(
            {
                "freq_khz": freq_hz / 1000,
                "sf": sf,
                "bw": str(bw_hz // 1000),
                "rx_boost": True,
                "lna_boost_hf": True,  # the SX127x looks there
            }
        )
        self._flag.clear()
        self._seen = False

    # --- the calls --------------------------------------------------------------------------

    async def transmit(self, frame: bytes, freq_hz: int, sf: int, bw_hz: int, power_dbm: int):
        """Send one uplink (IQ normal, CRC). Returns its measured end, us, or raises RadioError."""
        self._collect()
        self._wake()
        self._modem.configure({"output_power": min(power_dbm, self._most_dbm)})
        self._tune(freq_hz, sf, bw_hz)
        self._modem.prepare_send(frame)
        self._modem.start_send()
        end_us = self._clock.us() + time_on_air_us(sf, bw_hz, len(frame))
        return await self._transmitted(end_us, True)

    def _status(self):
        return self._modem.poll_send() is not True

    async def receive(self, open_at_us: int, symbols: int, freq_hz: int, sf: int, bw_hz: int):
        """One window for a downlink (IQ inverted, no CRC), receiver on at `open_at_us`.

        It lasts `symbols` and a header. Returns (payload, RSSI dBm, SNR x 4) or None.
        """
        await self._before(open_at_us)
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        window_us = (symbols + _HEADER_SYMBOLS) * (1 << sf) * 1000000 // bw_hz
        self._window_ms = window_us // 1000 + 1
        self._open(open_at_us)
        header_us = open_at_us + window_us + 20000
        for until_us in (header_us, header_us + time_on_air_us(sf, bw_hz, 255)):
            while await self._interrupt(until_us):
                self._seen = False
                got = self._modem.poll_recv()
                if got is not True:
                    return _plain(got)
        return None

    def _open(self, at_us):
        due = self._clock.ticks(at_us - _RX_ON_US - self._command_us)
        if self.naps:
            sleep_ms((ticks_diff(due, ticks_us()) - SPIN_US) // 1000)
        while ticks_diff(due, ticks_us()) > 0:
            pass
        self._modem.start_recv(self._window_ms)
        self._opens(ticks_diff(ticks_us(), due) - self._command_us)

    def _frame(self):
        return _plain(self._modem.poll_recv())

    def _clear(self):
        """Nothing: the package does it."""

    def listen(self, freq_hz: int, sf: int, bw_hz: int, on_frame) -> None:
        """Class C: receive until the next call; each frame to `on_frame(data, rssi, snr_x4)`."""
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._modem.start_recv(None, True)
        self._hear(on_frame)


def _plain(got):
    """What the package received; None when that is nothing."""
    if got is True or not got:
        return None
    rssi, snr = [getattr(got, name) for name in _MEASURED]
    return bytes(got), rssi, snr


def from_board(board, clock) -> Modem:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    from radios import modem_start

    radio = Modem(*modem_start.wires(board), clock)
    radio.antenna_dbi = getattr(board, "ANTENNA_DBI", radio.antenna_dbi)
    return radio
