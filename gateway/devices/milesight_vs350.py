"""Milesight VS350: people counter of passages, in and out, that keeps what it could not send.

Totals have 16 bits and may be reset by the product's own schedule.
Source: Milesight-IoT/SensorDecoders, vs-series/vs350: README (channels, examples), decoder
(answers to commands), encoder (ranges). None was at hand: the examples are the maker's, but for
the answers and downlinks, which are made after those.
"""

from gateway.devices import Applied, Reading, UplinkExample
from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Number, Since, Skip, Word
from gateway.devices._milesight import BATTERY, PASSED, TEMPERATURE, TOTALS, nothing, table
from gateway.devices._milesight_examples import downlinks
from gateway.devices._settings import Setting
from gateway.events import Value

ALARMS = {0: "threshold over", 1: "threshold", 3: "hot", 4: "hot over"}
HISTORY = (Since("<I"), Skip(1))
CHANNELS = {
    "01 75": BATTERY,
    "03 67": Channel((TEMPERATURE,)),
    "04 cc": Channel(TOTALS),
    "05 cc": Channel(PASSED),
    "0a ef": Channel((Since("<I"),)),
    "20 ce": Choice(
        {0: Channel((*HISTORY, *PASSED)), 1: Channel((*HISTORY, *PASSED, *TOTALS))}, at=4
    ),
    "81 ee": Channel((Number("sensitivity", "1", "B"),)),
    "83 67": Channel((TEMPERATURE, Word("temperatureAlarmKind", ALARMS))),
    "84 cc": Channel((*TOTALS, Word("totalAlarmKind", ALARMS))),
    "85 cc": Channel((*PASSED, Word("intervalAlarmKind", ALARMS))),
    "ff ac": nothing(5),
    "ff ad": nothing(1),
    "f8 10": nothing(2),  # an answer with its result
    "f9 10": nothing(1),
}
ANSWERS = {
    "06": nothing(9),
    "28": nothing(1),
    "35": nothing(8),
    "4a": nothing(1),
    "68": nothing(1),
    "69": nothing(1),
    "6a": nothing(3),
    "6b": nothing(1),
    "6d": nothing(1),
    "84": nothing(1),
    "8e": Channel((Skip(1), Number("report_s", "s", "<H", times=60)), "applied", "interval"),
    "96": nothing(8),
    "a6": nothing(1),
    "a7": nothing(2),
    "a8": nothing(1),
    "a9": nothing(1),
    "aa": nothing(1),
    "ab": nothing(3),
    "bd": nothing(2),
    "ef": nothing(3),
}

TABLE = table(CHANNELS, (Setting("report_s", "ff 8e 00", "<H", 60, 86_400, 60),), ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_UNSURE = ("clock_unsure",)
_HOT = (Value("temperature", 33.6, "Cel"), Value("temperatureAlarmKind", "hot", "1"))
_OLD = (
    Value("inboundIntervalCount", 7, "1", _UNSURE),
    Value("outboundIntervalCount", 2, "1", _UNSURE),
    Value("inboundCount", 29, "1", _UNSURE),
    Value("outboundCount", 8, "1", _UNSURE),
)
"""Of September 2023, which is too long ago to be believed here."""
_BUSY = (
    Value("inboundCount", 4353, "1"),
    Value("outboundCount", 4360, "1"),
    Value("totalAlarmKind", "threshold", "1"),
    Value("inboundIntervalCount", 1000, "1"),
    Value("outboundIntervalCount", 1001, "1"),
    Value("intervalAlarmKind", "threshold", "1"),
)
_INTERVAL = {"report_s": 1200}

UPLINKS = (
    UplinkExample(85, "84CC0111081101 85CCE803E90301", (Reading(values=_BUSY),)),
    UplinkExample(85, "8367500103", (Reading(values=_HOT),)),
    UplinkExample(85, "20CEFF3DF16401070002001D000800", (Reading(values=_OLD, age_s=None),)),
    UplinkExample(85, "fe8e001400", (Applied(name="interval", values=_INTERVAL),)),
)
DOWNLINKS = downlinks(_INTERVAL, "ff8e001400")
