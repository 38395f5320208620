"""Milesight VS121: people in view and passages by camera, by region, direction and line.

A region's bit tells whether somebody is in it; `flowAB` counts who went from side A to side B;
dwell times are those of one region.
Source: Milesight-IoT/SensorDecoders, vs-series/vs121: README (channels, examples), decoder
(history, line, answers to commands), encoder (ranges). None was at hand: the examples are the
maker's, but for the answers and downlinks, which are made after those.
"""

from gateway.devices import Applied, Reading, Status, UplinkExample
from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Since
from gateway.devices._milesight import PASSED, REPORT, TOTALS, nothing, table
from gateway.devices._milesight_examples import downlinks
from gateway.devices._people import DWELL, HISTORY, IN_VIEW, LINE, MOST, flow, regions
from gateway.devices._settings import Setting
from gateway.events import Value

CHANNELS: dict[str, Channel | Choice] = {
    "04 c9": Channel(IN_VIEW),
    "05 cc": Channel(PASSED),
    "06 cd": Channel(MOST),
    "07 d5": Channel(regions(1, 8)),
    "08 d5": Channel(regions(9, 8)),
    "09 da": Channel(flow("A", "ABCD")),
    "0a da": Channel(flow("B", "ABCD")),
    "0b da": Channel(flow("C", "ABCD")),
    "0c da": Channel(flow("D", "ABCD")),
    "0d cc": Channel(TOTALS),
    "0e e4": Channel(DWELL),
    "0f 85": Channel((Since("<I"),)),
    "10 f7": Channel(LINE),
    "20 ce": HISTORY,
}
SIZES = {"04": 1, "35": 8, "40": 1, "43": 1, "44": 1, "45": 1, "46": 3, "48": 1, "50": 1} | {
    "51": 1,
    "84": 1,
}
SIZES_MORE = {"10": 1, "11": 1, "3d": 1, "85": 2, "86": 1, "87": 1, "88": 1, "8b": 1, "8c": 1} | {
    "8d": 4,
    "8e": 4,
    "90": 6,
    "91": 5,
    "92": 3,
    "93": 1,
    "94": 1,
    "95": 6,
    "96": 3,
    "97": 2,
    "98": 1,
    "99": 7,
}
"""{type: bytes} of answers to settings that are not made here, on f9; on f8 with their result."""
ANSWERS = {"03": REPORT, **{kind: nothing(size) for kind, size in SIZES.items()}}
MORE = {
    f"{channel} {kind}": nothing(size + (channel == "f8"))
    for channel in ("f8", "f9")
    for kind, size in SIZES_MORE.items()
}

TABLE = table(CHANNELS | MORE, (Setting("report_s", "ff 03", "<H", 5, 65_535),), ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_FACTS = (
    Value("serialNumber", "6600b0940976", "1"),
    Value("firmwareVersion", "31.7.0.75", "1"),
)
_VIEW = (
    Value("peopleInView", 3, "1"),
    Value("regionCount", 8, "1"),
    *(Value(f"region{n}Occupied", int(n in (1, 6, 8)), "1") for n in range(1, 17)),
    Value("peopleInViewMax", 5, "1"),
)
_REGIONS = tuple(
    Value(f"region{n}People", {2: 1, 8: 3, 9: 1}.get(n, 0), "1") for n in range(1, 17)
)
_PASSED = (Value("inboundIntervalCount", 2, "1"), Value("outboundIntervalCount", 1, "1"))
_FLOW = tuple(
    Value(f"flowA{end}", count, "1") for end, count in zip("ABCD", (256, 512, 0, 0), strict=True)
)
_INTERVAL = {"report_s": 600}

UPLINKS = (
    UplinkExample(85, "FF0101 FF086600B0940976 FF090100 FF1F1F07004B", (Status(values=_FACTS),)),
    UplinkExample(85, "04C9030800A1 06CD05", (Reading(values=_VIEW),)),
    UplinkExample(85, "07D50001000000000003 08D50100000000000000", (Reading(values=_REGIONS),)),
    UplinkExample(85, "05CC02000100", (Reading(values=_PASSED),)),
    UplinkExample(85, "09DA0001000200000000", (Reading(values=_FLOW),)),
    UplinkExample(85, "fe035802", (Applied(name="interval", values=_INTERVAL),)),
)
DOWNLINKS = downlinks(_INTERVAL, "ff035802")
