"""Semtech SX1276 to SX1279 (HopeRF RFM95): the five calls of a LoRaWAN radio, see radios.timed.

TxDone and RxDone come by DIO0, the end of a window without a preamble by DIO1: the chip counts
its symbols. A header with a wrong CRC raises neither, so a window has an end by the clock too.
The antenna is at PA_BOOST, as every module with one antenna pin has it: 2 to 20 dBm.

Source: SX1276/77/78/79 datasheet rev 7, chapters are named at the numbers; the errata note; and
for RegInvertIQ, whose bit for sending the datasheet has reversed, LoRaMac-node, sx1276.c.
"""

from time import sleep_us

from lorawan.frame import low_rate, time_on_air_us
from micropython import const
from unload import unload

from radios.timed import Timed

_SLEEP = b"\x81\x80"
_STANDBY = b"\x81\x81"
_TRANSMIT = b"\x81\x83"
_LISTEN = b"\x81\x85"
_DIO0_TX_DONE = b"\xc0\x40"
_DIO0_RX_DONE = b"\xc0\x00"  # and RxTimeout at DIO1
_CLEAR_IRQS = b"\x92\xff"
_RX_DONE = const(0x40)
_CRC_ERROR = const(0x20)
_VALID_HEADER = const(0x10)
_TX_DONE = const(0x08)
_FROM_CURRENT = const(0x10)  # RegFifoRxCurrentAddr to RegPktRssiValue are read at once
_OSCILLATOR_US = const(300)  # TS_OSC is 250 us (table 7)
_RX_ON_US = const(214)  # TS_FS and TS_RE (tables 7, 8), 154 us, and the stamp's lateness
_LEAST_DBM = const(2)
_MOST_DBM = const(20)
_BOOST_DBM = const(17)  # above it, the other setting of the amplifier and more current (3.4.3)
_RSSI_DBM = const(-157)  # 5.5.5


class SX1276(Timed):
    """One radio."""

    pins = 2
    _rx_on_us = _RX_ON_US
    _no_end = "sx1276: no end of transmission; check DIO0 in PINS of /board.py"

    def __init__(self, spi, nss, dio0, dio1, reset, clock):
        self._answers = bytearray(12)
        self._set_rx = bytearray(b"\x81\x86")
        super().__init__(spi, nss, reset, clock, (dio0, dio1))

    def _send(self, command):
        nss = self._nss
        nss(0)
        self._spi.write(command)
        nss(1)

    def _set(self, address, *values):
        """Write one register, or more from this one on."""
        self._send(bytes((address | 0x80,) + values))

    def _ask(self, address):
        """The eleven registers from this one on, behind a byte without meaning.

        The buffer is reused by the next call.
        """
        answer = self._answers
        answer[0] = address
        nss = self._nss
        nss(0)
        self._spi.write_readinto(answer, answer)
        nss(1)
        return answer

    def _register(self, address):
        return self._ask(address)[1]

    def _status(self):
        return self._register(0x12)

    def _clear(self):
        self._send(_CLEAR_IRQS)

    # --- states -----------------------------------------------------------------------------

    def start(self) -> None:
        """Reset and set up; its code is loaded for it. RadioError when no SX1276 answers."""
        from radios import sx1276_start

        self._stop_listening()
        self._tuned = 0, 0, 0
        self._dbm = None
        try:
            sx1276_start.start(self, self._reset)
        finally:
            unload("radios.sx1276_start")
        self.sleep()

    def _wake(self):
        """To standby, where settings are made and the FIFO is there."""
        self._stop_listening()
        self._send(_STANDBY)
        sleep_us(_OSCILLATOR_US)

    def sleep(self) -> None:
        """0.2 uA; settings stay."""
        self._stop_listening()
        self._send(_SLEEP)

    def _tune(self, freq_hz, sf, bw_hz):
        """Channel and modulation; both outlive sleep, so RX1 mostly finds them set."""
        tuned = freq_hz, sf, bw_hz
        if tuned == self._tuned:
            return
        self._tuned = tuned
        # 4.1.4: Hz x 2^19 / 32e6, in parts that need no long integers: those cost 0.4 ms
        raw = freq_hz // 15625 * 256 + (freq_hz % 15625 * 256 + 7812) // 15625
        self._send(b"\x86" + raw.to_bytes(3, "big"))
        self._set(0x26, 4 | low_rate(sf, bw_hz) << 3)  # automatic gain
        if bw_hz == 500000:
            self._set(0x31, 0xC3)
            self._set(0x36, 2)  # errata 2.1, for 862 to 1020 MHz
            self._set(0x3A, 0x64)
        else:
            self._set(0x2F, 0x40, 0)  # errata 2.3, for 62.5 to 250 kHz
            self._set(0x31, 0x43)
            self._set(0x36, 3)

    def _packet(self, size, crc, inverted, symbols):
        """symbols: after so many without a preamble a single reception ends, 4 to 1023."""
        _, sf, bw_hz = self._tuned
        width = 7 + bw_hz // 250000  # of 125, 250 and 500 kHz
        symbols = max(symbols, 4)
        self._set(0x1D, width << 4 | 2, sf << 4 | crc << 2 | symbols >> 8, symbols & 255)
        self._set(0x22, size)
        self._set(0x33, 0x67 if inverted else 0x27)
        self._set(0x3B, 0x19 if inverted else 0x1D)

    def _irqs(self, mapping):
        """Show the interrupts of the one direction at the pins, and clear the pending ones."""
        self._send(mapping)
        self._clear()
        self._flag.clear()
        self._seen = False

    def _power(self, dbm):
        if dbm == self._dbm:
            return
        self._dbm = dbm
        dbm = max(_LEAST_DBM, min(_MOST_DBM, dbm))
        boost = dbm > _BOOST_DBM
        self._set(0x4D, 0x87 if boost else 0x84)
        self._set(0x0B, 0x31 if boost else 0x2B)  # 140 or 100 mA for the amplifier (5.4.4)
        self._set(0x09, 0x80 | dbm - (5 if boost else 2))

    # --- the calls --------------------------------------------------------------------------

    async def transmit(self, frame: bytes, freq_hz: int, sf: int, bw_hz: int, power_dbm: int):
        """Send one uplink (IQ normal, CRC). Returns its measured end, us, or raises RadioError."""
        self._collect()
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(len(frame), 1, 0, 0)
        self._power(power_dbm)
        self._set(0x0D, 0)
        self._send(b"\x80" + frame)
        self._irqs(_DIO0_TX_DONE)
        air_us = time_on_air_us(sf, bw_hz, len(frame))
        self._send(_TRANSMIT)
        return await self._transmitted(self._clock.us() + air_us, _TX_DONE)

    async def receive(self, open_at_us: int, symbols: int, freq_hz: int, sf: int, bw_hz: int):
        """One window for a downlink (IQ inverted, no CRC), receiver on at `open_at_us`.

        symbols: 4..1023 without a preamble end it. Returns (payload, RSSI dBm, SNR x 4) or None.
        """
        await self._before(open_at_us)
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1, symbols)
        self._irqs(_DIO0_RX_DONE)
        self._open(open_at_us)
        # the header of a frame begun in time ends within 24 symbols more
        window_us = (symbols + 24) * (1 << sf) * 1000000 // bw_hz
        return await self._heard(open_at_us + window_us, sf, bw_hz)

    def _begun(self):
        return self._status() & _VALID_HEADER

    def _frame(self):
        """Payload, RSSI and SNR of the frame just received; None when there is no whole one."""
        at, _, irqs, size, _, _, _, _, _, snr, rssi = self._ask(_FROM_CURRENT)[1:]
        if irqs & (_RX_DONE | _CRC_ERROR) != _RX_DONE:
            return None
        payload = bytearray(size)
        self._set(0x0D, at)
        self._nss(0)
        self._spi.write(b"\0")
        self._spi.readinto(payload)
        self._nss(1)
        if snr > 127:  # below the noise: the level is the noise's (5.5.5)
            snr -= 256
            rssi += snr // 4
        else:
            rssi += rssi // 15
        return bytes(payload), _RSSI_DBM + rssi, snr

    def listen(self, freq_hz: int, sf: int, bw_hz: int, on_frame) -> None:
        """Class C: receive until the next call; each frame to `on_frame(data, rssi, snr_x4)`."""
        self._wake()
        self._tune(freq_hz, sf, bw_hz)
        self._packet(255, 0, 1, 0)
        self._irqs(_DIO0_RX_DONE)
        self._send(_LISTEN)
        self._hear(on_frame)


def from_board(board, clock) -> SX1276:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    from radios import sx1276_start

    radio = SX1276(*sx1276_start.wires(board), clock)
    radio.antenna_dbi = getattr(board, "ANTENNA_DBI", radio.antenna_dbi)
    return radio
