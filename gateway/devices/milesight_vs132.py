"""Milesight VS132: people counter at doors, by time of flight: totals and counts of the interval.

In and out are those of the line drawn in the product's own page. Totals run on until they are
cleared there.
Source: Milesight-IoT/SensorDecoders, vs-series/vs132: README (channels, example), decoder (answers
to commands), encoder (ranges). None was at hand: answers and downlinks are made after those.
"""

from gateway.devices import Applied, Reading, Status, UplinkExample
from gateway.devices._channels import Channel
from gateway.devices._fields import Number
from gateway.devices._milesight import PASSED, REPORT, nothing, table
from gateway.devices._milesight_examples import downlinks
from gateway.devices._settings import Setting
from gateway.events import Value

CHANNELS = {
    "03 d2": Channel((Number("inboundCount", "1", "<I"),)),
    "04 d2": Channel((Number("outboundCount", "1", "<I"),)),
    "05 cc": Channel(PASSED),
}
ANSWERS = {
    "03": REPORT,
    "04": nothing(1),
    "40": nothing(1),
    "42": nothing(1),
    "43": nothing(1),
    "51": nothing(1),
}

TABLE = table(CHANNELS, (Setting("report_s", "ff 03", "<H", 1, 64_800),), ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_FACTS = (
    Value("serialNumber", "6614c39694870000", "1"),
    Value("firmwareVersion", "132.1.0.1", "1"),
)
_COUNTS = (
    Value("inboundCount", 190, "1"),
    Value("outboundCount", 305, "1"),
    Value("inboundIntervalCount", 0, "1"),
    Value("outboundIntervalCount", 0, "1"),
)
_INTERVAL = {"report_s": 600}

UPLINKS = (
    UplinkExample(
        85,
        "FF0101 FF166614C39694870000 FF090102 FF1F84010001 03D2BE000000 04D231010000 05CC00000000",
        (Status(values=_FACTS), Reading(values=_COUNTS)),
    ),
    UplinkExample(85, "fe035802", (Applied(name="interval", values=_INTERVAL),)),
)
DOWNLINKS = downlinks(_INTERVAL, "ff035802")
