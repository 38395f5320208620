"""What Milesight's products share: channels of a prefix of two bytes, answers to commands.

Source: the READMEs, codecs and decoders of Milesight-IoT/SensorDecoders, each product's folder.
"""

from collections.abc import Mapping

from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Digits, Dotted, Number, Skip
from gateway.devices._settings import Setting
from gateway.devices._table import Table

FPORT = 85
BATTERY = Channel((Number("batteryLevel", "1", "B", over=100, high=100),))
TEMPERATURE = Number("temperature", "Cel", "<h", over=10)
DISTANCE = Number("distance", "mm", "<H")
TILTED = Number("tilted", "1", "B", high=1)
PASSED = (Number("inboundIntervalCount", "1", "<H"), Number("outboundIntervalCount", "1", "<H"))
TOTALS = (Number("inboundCount", "1", "<H"), Number("outboundCount", "1", "<H"))
DISTANCE_ALARM = Number("distanceAlarm", "1", "B")
TEMPERATURE_ALARM = Number("temperatureAlarm", "1", "B")

FACTS: Mapping[str, Channel] = {
    "ff 01": Channel((Skip(1),), "status"),  # version of the protocol
    "ff 08": Channel((Digits("serialNumber", 6),), "status"),
    "ff 09": Channel((Skip(2),), "status"),  # of the hardware
    "ff 0a": Channel((Digits("firmwareVersion", 2, dot=2),), "status"),
    "ff 0b": Channel((Skip(1),), "boot"),
    "ff 0f": Channel((Skip(1),), "status"),  # class of LoRaWAN
    "ff 16": Channel((Digits("serialNumber", 8),), "status"),
    "ff 1f": Channel((Dotted("firmwareVersion", 4),), "status"),
    "ff fe": Channel((Skip(1),), "boot"),  # it was reset
    "ff ff": Channel((Skip(2),), "status"),  # version of the description of its properties
}
REPORT = Channel((Number("report_s", "s", "<H"),), "applied", "interval")
SAMPLE = Channel((Number("sample_s", "s", "<H"),), "applied", "interval")
REBOOT = Channel((Skip(1),), "applied", "reboot")


def nothing(size: int) -> Channel:
    """An answer to a setting that is not made here: an alarm's, a key's, a clock's."""
    return Channel((Skip(size),), "status")


def on_both(answers: Mapping[str, Channel | Choice]) -> dict[str, Channel | Choice]:
    """An answer to a command comes on channel fe or ff."""
    return {f"{channel} {kind}": one for channel in ("fe", "ff") for kind, one in answers.items()}


def table(
    channels: Mapping[str, Channel | Choice],
    settings: tuple[Setting, ...],
    answers: Mapping[str, Channel | Choice],
) -> Table:
    """The table of a product. settings: of the command `interval`.  answers: by their type."""
    commands = {"interval": settings, "reboot": ("ff 10 ff",)}
    every = {**FACTS, **on_both({**answers, "10": REBOOT}), **channels}
    return Table(every, commands, fport=FPORT)
