"""Semtech SX1262: the five calls of a LoRaWAN radio, timed by the microsecond (radios.timed).

Source: SX1261/2 datasheet rev 2.1; chapters are named at the numbers.
"""

from struct import pack_into
from time import sleep_ms, ticks_diff, ticks_us

from lorawan.frame import low_rate, time_on_air_us
from micropython import const
from unload import unload

from radios.errors import RadioError
from radios.timed import TX_SLACK_US, Timed

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from collections.abc import Callable

_STANDBY_RC = b"\x80\x00"
_STANDBY_XOSC = b"\x80\x01"
_SLEEP_WARM = b"\x84\x04"
_LISTEN = b"\x82\xff\xff\xff"
_IRQS_TX = b"\x08\x02\x01\x02\x01\x00\x00\x00\x00"  # TxDone, Timeout; to DIO1 as well
_IRQS_RX = b"\x08\x02\x62\x02\x62\x00\x00\x00\x00"  # RxDone, HeaderErr, CrcErr, Timeout
_CLEAR_IRQS = b"\x02\x03\xff"
_GET_IRQS = b"\x12\x00\x00\x00"
_GET_BUFFER = b"\x13\x00\x00\x00"
_GET_SIGNAL = b"\x14\x00\x00\x00\x00"
_TX_DONE = const(0x001)
_RX_DONE = const(0x002)
_BROKEN = const(0x060)  # HeaderErr, CrcErr
_R_SYNC_TIMEOUT = const(0x0706)
_R_IQ = const(0x0736)  # 15.4
_R_TX_MODULATION = const(0x0889)  # 15.1

_IMAGES = b"\x55\x6b\x6f\x5c\x75\x81\x9a\xc1\xc5\xaa\xd7\xdb\xb4\xe1\xe9"
"""Rows of from 5 MHz x n, and CalibrateImage's two frequencies (9.2.1)."""
_LAST_IMAGE = const(12)  # begin of the last row
_RX_ON_US = const(122)  # STDBY_XOSC to RX (62 us, 8.3), and the stamp's lateness
_BUSY_US = const(400000)


class SX126X(Timed):
    """One radio."""

    _iq: int
    _rx_on_us = _RX_ON_US
    _no_end = "sx126x: no end of transmission; check DIO1 in PINS of /board.py"
    amplifier = b"\x0e\x16\2\2\0\x11\x16\2\3\0\x14\x16\3\5\0\x16\x16\4\7\0"
    """Rows of up to dBm, SetTxParams' power there, paDutyCycle, hpMax, deviceSel (13.1.14)."""

    def __init__(self, spi, nss, busy, dio1, reset, clock, tcxo_mv=0, dio2_switch=True):
        self._busy = busy
        self._tcxo_mv = tcxo_mv
        self._dio2 = dio2_switch
        self._answers = (bytearray(4), bytearray(5))
        self._set_rx = bytearray(4)
        super().__init__(spi, nss, reset, clock, (dio1,))

    def _wait(self):
        """Wait until BUSY is low. RadioError after 0.4 s: no radio, or wrong wiring."""
        start = ticks_us()
        while self._busy():
            waited = ticks_diff(ticks_us(), start)
            if waited > _BUSY_US:
                raise RadioError("sx126x: BUSY stays high; check power and PINS of /board.py")
            if waited > 100:
                sleep_ms(1)

    def _send(self, command):
        if self._busy():
            self._wait()
        nss = self._nss
        nss(0)
        self._spi.write(command)
        nss(1)

    def _ask(self, question):
        """Send a command of 4 or 5 bytes and return what was read meanwhile.

        The buffer is reused by the next call.
        """
        answer = self._answers[len(question) - 4]
        nss = self._nss
        self._wait()
        nss(0)
        self._spi.write_readinto(question, answer)
        nss(1)
        return answer

    def _register(self, address):
        return self._ask(bytes((0x1D, address >> 8, address & 255, 0, 0)))[4]

    def _set_register(self, address, value):
        self._send(bytes((0x0D, address >> 8, address & 255, value)))

    def _status(self):
        answer = self._ask(_GET_IRQS)
        return answer[2] << 8 | answer[3]

    # --- states -----------------------------------------------------------------------------

    def start(self) -> None:
        """Reset and set up; its code is loaded for it. RadioError when no SX126x answers."""
        from radios import sx126x_start

        self._stop_listening()
        self._asleep = False
        self._image = -1
        self._tuned = None
        self._dbm = None
        try:
            sx126x_start.start(self, self._reset, self._tcxo_mv, self._dio2)
        finally:
            unload("radios.sx126x_start")
        self._wide = False
        self.sleep()

    def _wake(self):
        """To standby on the crystal or TCXO: from there TX and RX start without delay."""
        self._stop_listening()
        if self._asleep:
            while 0 <= ticks_diff(ticks_us(), self._slept) < 500:
                pass  # after SetSleep NSS must stay high for 500 us (13.1.1)
            self._nss(0)
            self._wait()
            self._nss(1)
            self._asleep = False
        self._send(_STANDBY_XOSC)

    def sleep(self) -> None:
        """Warm sleep, 0.6 uA: settings stay."""
        self._stop_listening()
        if not self._asleep:
            self._send(_STANDBY_RC)
            self._send(_SLEEP_WARM)
            self._asleep = True
            self._slept = ticks_us()

    def _tune(self, freq_hz, sf, bw_hz):
        """Channel and modulation; both outlive warm sleep, so RX1 mostly finds them set."""
        tuned = freq_hz, sf, bw_hz
        if tuned == self._tuned:
            return
        self._tuned = tuned
        at = _LAST_IMAGE
        while at and freq_hz < _IMAGES[at] * 5000000:
            at -= 3
        if at != self._image:
            self._image = at
            self._send(b"\x98" + _IMAGES[at + 1 : at + 3])
        # 13.4.1: Hz x 2^25 / 32e6, in parts that need no long integers: those cost 0.4 ms
        raw = freq_hz // 15625 * 16384 + (freq_hz % 15625 * 16384 + 7812) // 15625
        self._send(b"\x86" + raw.to_bytes(4, "big"))
        width = 4 + bw_hz // 250000  # of 125, 250 and 500 kHz
        self._send(bytes((0x8B, sf, width, 1, low_rate(sf, bw_hz))))

    def _packet(self, size, crc, inverted):
        self._send(bytes((0x8C, 0, 8, 0, size, crc, inverted)))
        self._set_register(_R_IQ, self._iq & 0xFB if inverted else self._iq | 4)

    def _irqs(self, command):
        """Let only these interrupts raise DIO1, and clear the pending ones."""
        self._send(command)
        self._send(_CLEAR_IRQS)
        self._flag.clear()
        self._seen = False

    def _power(self, dbm):
        if dbm == self._dbm:
            return
        self._dbm = dbm
        rows = self.amplifier
        dbm = max(-9, min(rows[-5], dbm))
        at = 0
        while dbm > rows[at]:
            at += 5
        self._send(b"\x95" + rows[at + 2 : at + 5] + b"\x01")
        self._send(bytes((0x8E, rows[at + 1] - rows[at] + dbm & 255, 4)))  # ramp 200 us

    def _symbols(self, count):
        """SetLoRaSymbNumTimeout: above 63 a mantissa and exponent (13.4.9); rounded up."""
        exponent = 0
        mantissa = (min(count, 248) + 1) // 2
        while mantissa > 31:
            mantissa = (mantissa + 3) // 4
            exponent += 1
        self._send(bytes((0xA0, mantissa << 2 * exponent + 1)))
        self._set_register(_R_SYNC_TIMEOUT, exponent + (mantissa << 3))

    # --- the calls --------------------------------------------------------------------------

    async def transmit(self, frame: bytes, freq_hz: int, sf: int, bw_hz: int, power_dbm: int):
        """Send one uplink (IQ normal, CRC). Returns its measured end, us, or raises RadioError."""
        self._collect()
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(len(frame), 1, 0)
        self._power(power_dbm)
        if self._wide != (bw_hz == 500000):
            self._wide = not self._wide
            old = self._register(_R_TX_MODULATION)
            self._set_register(_R_TX_MODULATION, old & 0xFB if self._wide else old | 4)
        self._send(b"\x0e\x00" + frame)
        self._irqs(_IRQS_TX)
        air_us = time_on_air_us(sf, bw_hz, len(frame))
        self._send(b"\x83" + ((air_us + TX_SLACK_US) * 8 // 125).to_bytes(3, "big"))
        return await self._transmitted(self._clock.us() + air_us, _TX_DONE)

    async def receive(self, open_at_us: int, symbols: int, freq_hz: int, sf: int, bw_hz: int):
        """One window for a downlink (IQ inverted, no CRC), receiver on at `open_at_us`.

        symbols: 1..248 without a preamble end it. Returns (payload, RSSI dBm, SNR x 4) or None.
        """
        await self._before(open_at_us)
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1)
        self._irqs(_IRQS_RX)
        self._symbols(symbols)
        # the header of a frame begun in time ends within 24 symbols more
        window_us = (symbols + 24) * (1 << sf) * 1000000 // bw_hz
        pack_into(">I", self._set_rx, 0, 0x82000000 | min(window_us * 8 // 125, 0xFFFFFE))
        self._wait()
        self._open(open_at_us)
        return await self._heard(open_at_us + window_us, sf, bw_hz)

    def _begun(self):
        return True  # SetRx's timer, which ends at a header, would have raised DIO1

    def _clear(self):
        self._send(_CLEAR_IRQS)

    def _frame(self):
        """Payload, RSSI and SNR of the frame just received; None when there is no whole one."""
        if self._status() & (_RX_DONE | _BROKEN) != _RX_DONE:
            return None
        answer = self._ask(_GET_BUFFER)
        payload = bytearray(answer[2])
        at = answer[3]
        self._wait()
        self._nss(0)
        self._spi.write(bytes((0x1E, at, 0)))
        self._spi.readinto(payload)
        self._nss(1)
        answer = self._ask(_GET_SIGNAL)
        snr = answer[3]
        return bytes(payload), -(answer[2] // 2), snr - 256 if snr > 127 else snr

    def listen(self, freq_hz: int, sf: int, bw_hz: int, on_frame) -> None:
        """Class C: receive until the next call; each frame to `on_frame(data, rssi, snr_x4)`."""
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1)
        self._irqs(_IRQS_RX)
        self._symbols(0)  # or the symbols of the window before end it
        self._send(_LISTEN)
        self._hear(on_frame)


def from_board(board, clock, kind: "Callable[..., SX126X]" = SX126X) -> SX126X:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    from radios import sx126x_start

    spi, nss, busy, dio1, reset = sx126x_start.wires(board)
    dio2_switch = board.RF_SWITCH == "dio2"
    radio = kind(spi, nss, busy, dio1, reset, clock, board.TCXO_MV, dio2_switch)
    radio.antenna_dbi = getattr(board, "ANTENNA_DBI", radio.antenna_dbi)
    return radio
