"""Frames of NAS luminaire controllers and what they mean. Source: NAS, LCU payloads, 1.1."""

from gateway.devices import Reading
from gateway.devices._nas import FAILURES
from gateway.events import Value

_FINE = tuple(Value(name, 0, "1") for name in FAILURES)
FAILED = (
    Value("driverAddress", "dali 1", "1"),
    *(Value(name, int(name == "lampFailure"), "1") for name in FAILURES),
)
OVER_CURRENT = (
    *(
        Value(name, int(name == "overCurrent"), "1")
        for name in ("lampFailure", "overCurrent", "underVoltage", "overVoltage", "lowPowerFactor")
    ),
    Value("activePower", 89, "W"),
    Value("mainsVoltage", 229, "V"),
    Value("powerFactor", 0.86, "1"),
)
STARTED = (
    Value("serialNumber", "5083000d", "1"),
    Value("firmwareVersion", "1.1.1", "1"),
    Value("driverCount", 1, "1"),
    Value("driverWithoutAddress", 0, "1"),
    Value("bootCause", "reboot", "1"),
)
STATUS = "01 F37F205E 8244 32 09 16 20 07 01D2 029455 0401 FE501900 12501900"
_CONTROLLER = (
    Value("daliConnectionError", 1, "1"),
    Value("meteringError", 0, "1"),
    Value("clockWarning", 0, "1"),
    Value("relayClosed", 1, "1"),
    Value("drainOn", 1, "1"),
    Value("downlinkRssi", -50, "dB[mW]"),
    Value("downlinkSnr", 9, "dB"),
    Value("temperature", 22, "Cel"),
    Value("voltageAlarm", 0, "1"),
    Value("lampAlarm", 1, "1"),
    Value("powerAlarm", 0, "1"),
    Value("powerFactorAlarm", 0, "1"),
    Value("lightInput", 210, "1"),
    Value("illuminance", 299.916, "lx"),
    Value("digitalInput", 1, "1"),
)


def _driver(where: str) -> Reading:
    values = (
        Value("driverAddress", where, "1"),
        Value("dimmingReason", "calendar dusk step 0", "1"),
        Value("dimmingLevel", 0.25, "1"),
    )
    return Reading(values=(*values, *_FINE))


RELAY_OFF = "00 F6E58538 00 34 07 18 00 0E F5 FF FF"
RELAY_OFF_REPORTS = (
    Reading(
        values=(
            *(
                Value(name, 0, "1")
                for name in (
                    "daliConnectionError",
                    "meteringError",
                    "clockWarning",
                    "relayClosed",
                    "lightInputOn",
                    "digitalInput",
                )
            ),
            Value("downlinkRssi", -52, "dB[mW]"),
            Value("downlinkSnr", 7, "dB"),
            Value("temperature", 24, "Cel"),
            Value("drainOn", 0, "1"),
        )
    ),
    Reading(
        values=(Value("driverAddress", "dali 7", "1"), Value("dimmingReason", "relay off", "1"))
    ),
)
"""What a driver without power says is unknown, no failure."""
STATUS_REPORTS = (Reading(values=_CONTROLLER), _driver("dali"), _driver("dali 9"))
USED = (
    Value("driverAddress", "dali 9", "1"),
    Value("activeEnergy", 234_567, "W.h"),
    Value("activePower", 42, "W"),
    Value("loadEnergy", 215_801, "W.h"),
    Value("loadPower", 39, "W"),
    Value("powerFactor", 0.93, "1"),
    Value("mainsVoltage", 229, "V"),
    Value("driverOperatingTime", 47_805_120, "s"),
    Value("lampOnTime", 19_918_800, "s"),
)
ON_TIME = (Value("driverAddress", "internal", "1"), Value("lampOnTime", 19_918_800, "s"))
