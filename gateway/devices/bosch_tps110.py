"""Bosch Parking Lot Sensor TPS110: whether a parking bay is occupied, and its temperature.

Source: TheThingsNetwork/lorawan-devices, vendor/bosch: tpl110-0292 (ports, causes, examples);
the frame on port 4 is made.
"""

from gateway.devices import Boot, Field, Reading, Status, UplinkExample
from gateway.devices._channels import Channel, by_size, open_ended
from gateway.devices._fields import Bits, Dotted, Number, Skip, Word
from gateway.devices._table import Table, by_port
from gateway.events import Value

OCCUPIED = Bits(1, (("occupied", 0, 1),))
CAUSES = {1: "watchdog", 2: "power on", 3: "system request", 4: "other"}
HEARTBEAT = by_size((OCCUPIED,), (OCCUPIED, Number("temperature", "Cel", "b")))
START = (
    Number("debugCode1", "1", "<I"),
    Number("debugCode2", "1", "<I"),
    Number("debugCode3", "1", "<I"),
    Dotted("firmwareVersion", 3),
    Word("bootCause", CAUSES),
    OCCUPIED,
)
DEBUG = (
    Number("debugUptime", "s", "<I"),
    Number("debugCode1", "1", "<H"),
    Skip(2),
    Number("debugNumber", "1", "<H"),
)


decode = by_port(
    {
        1: Table({"": Channel((OCCUPIED,))}).decode,
        2: Table({"": HEARTBEAT}).decode,
        3: Table({"": Channel(START, "boot")}).decode,
        4: Table({"": open_ended("deviceInformation")}).decode,
        5: Table({"": open_ended("deviceUsage")}).decode,
        6: Table({"": open_ended("debugRest", *DEBUG)}).decode,
    }
)
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_STARTED = (
    Value("debugCode1", 804, "1"),
    Value("debugCode2", 885, "1"),
    Value("debugCode3", 0, "1"),
    Value("firmwareVersion", "0.29.2", "1"),
    Value("bootCause", "system request", "1"),
    Value("occupied", 1, "1"),
)
UPLINKS = (
    UplinkExample(1, "01", (Reading(values=(Value("occupied", 1, "1"),)),)),
    UplinkExample(
        2, "01 ff", (Reading(values=(Value("occupied", 1, "1"), Value("temperature", -1, "Cel"))),)
    ),
    UplinkExample(3, "24030000 75030000 00000000 001d02 03 01", (Boot(values=_STARTED),)),
    UplinkExample(4, "0102", (Status(values=(Value("deviceInformation", "0102", "1"),)),)),
)
DOWNLINKS = ()
