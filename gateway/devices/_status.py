"""Our own devices' status: properties, and which sensors are sick."""

from gateway.devices import Status
from gateway.devices._safe import text
from gateway.devices._wire import BOOT_PROPERTIES, ENUMS, Fields
from gateway.events import Value

MEASURED = {
    "battery": ("batteryVoltage", "V", 1000),
    "window_us": ("receiveWindowError", "us", 1),
    "erases": ("flashErases", "1", 1),
    "heap_free": ("heapFreeMin", "By", 1),
}
"""field -> (property, UCUM unit, divisor)."""
WORDS = ("cause", "boots", "config_version")
"""Fields whose properties are those of a start."""


def status(fields: Fields) -> Status:
    """What the frame has; a field that the device's older table lacks is left out.

    The properties `lastException` and `sickSensors` are always there: empty texts tell that an
    older one is over.
    """
    values: list[Value] = []
    version = [fields.get(part) for part in ("major", "minor", "patch")]
    if None not in version:
        values.append(Value(BOOT_PROPERTIES["version"], ".".join(map(str, version)), "1"))
    for name in WORDS:
        number = fields.get(name)
        if number is not None:
            value = ENUMS[name][number] if name in ENUMS else number
            values.append(Value(BOOT_PROPERTIES[name], value, "1"))
    for name, (known, unit, over) in MEASURED.items():
        number = fields.get(name)
        if number is not None:
            values.append(Value(known, number if over == 1 else number / over, unit))
    sick = _sick(fields)
    values += [Value("lastException", text(fields), "1"), Value("sickSensors", sick, "1")]
    return Status(values=tuple(values), sick=sick)


def _sick(fields: Fields) -> str:
    """As `distance: stuck+noisy, light: absent`."""
    found: list[str] = []
    for number in (1, 2, 3):
        role, bits = fields.get(f"sensor{number}"), fields.get(f"sick{number}")
        if role is not None and bits:
            found.append(f"{ENUMS['sensor1'][role]}: {ENUMS['sick1'][bits]}")
    return ", ".join(found)
