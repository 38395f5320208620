"""What 3GPP TS 27.007 has for every modem: SIM and PIN, registration, the network's time."""

import binascii
import struct

from micropython import const

from node.modems import ModemError
from node.modems.at import At

_PIN_BLOB = "sim"
_PIN_FORM = "<IB"  # CRC-32 of the PIN that was tried last, wrong ones so far
_MOST = const(2)  # the third wrong one would lock the card
_YEAR = const(24)  # the clock of a modem begins in 1980 or 2004; this firmware is younger
_DAYS = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)
_EPOCH_DAYS = const(10957)  # 1970 to 2000


def seconds(text: bytes) -> int:
    """Unix seconds of `"yy/MM/dd,hh:mm:ss+zz"`, local time, zone in quarter hours; 0: not set."""
    try:
        date, clock = text.strip(b'"').split(b",")
        year, month, day = [int(one) for one in date.split(b"/")]
        sign = 1 if b"+" in clock else -1
        clock, zone = clock.replace(b"+", b"-").split(b"-")
        hour, minute, second = [int(one) for one in clock.split(b":")]
    except ValueError:
        return 0
    if not (_YEAR <= year < 80 and 1 <= month <= 12):
        return 0
    days = _EPOCH_DAYS + year * 365 + (year + 3) // 4 + _DAYS[month - 1] + day - 1
    days += year % 4 == 0 and month > 2
    return days * 86400 + hour * 3600 + minute * 60 + second - sign * int(zone) * 900


class Cellular(At):
    """settings: of /cellular.json: `apn`, `pin` where the SIM has one."""

    def __init__(self, uart, pause, settings):
        super().__init__(uart, pause)
        self.settings = settings

    async def unlock(self, store) -> None:
        """Open the SIM. A wrong PIN is remembered in the store and never sent again."""
        try:
            state = await self.ask("AT+CPIN?")
        except ModemError as error:
            raise ModemError("no usable SIM (%s); the technician inserts one" % error)
        if state == b"READY":
            return
        if state != b"SIM PIN":
            said = "the SIM asks for %s; the technician opens it in a telephone"
            raise ModemError(said % state.decode())
        await self._enter(store, self.settings.get("pin", ""))

    async def _enter(self, store, pin):
        if not (4 <= len(pin) <= 8 and pin.isdigit()):
            raise ModemError("the SIM asks for a PIN; set pin in cellular.json")
        crc = binascii.crc32(pin.encode())
        last, wrong = struct.unpack(_PIN_FORM, store.load(_PIN_BLOB) or bytes(5))
        if wrong and last == crc:
            raise ModemError("the SIM refused this PIN before; set another in cellular.json")
        if wrong >= _MOST:
            raise ModemError("the SIM refused two PINs; the technician opens it in a telephone")
        store.save(_PIN_BLOB, struct.pack(_PIN_FORM, crc, wrong + 1))  # before: power may go
        try:
            await self.ask('AT+CPIN="%s"' % pin)
        except ModemError as error:
            said = "the SIM refuses the PIN (%s); set another in cellular.json"
            raise ModemError(said % error)
        store.save(_PIN_BLOB, bytes(5))

    async def registered(self) -> bool:
        """Is it at home or roaming? Raises ModemError when the network refuses it."""
        status = (await self.ask("AT+CEREG?")).split(b",")[1:2]
        if status == [b"3"]:
            raise ModemError("the network refuses this SIM; its operator must admit it")
        return status in ([b"1"], [b"5"])

    async def time(self) -> int:
        """Unix seconds told by the network. Raises ModemError where it told none."""
        unix = seconds(await self.ask("AT+CCLK?"))
        if not unix:
            raise ModemError("the network has told no time, so no certificate can be checked")
        return unix
