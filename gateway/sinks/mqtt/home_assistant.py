"""How Home Assistant is told of a device: an entity for each property, found by discovery.

The description of an entity is published, retained, at
`<discovery>/<component>/<node id>/<object id>/config`; all of one device name it by the same
identifier. A device that is deleted in Home Assistant has its descriptions removed there.
Source: Home Assistant documentation, "MQTT" (discovery topic, discovery payload), "MQTT Sensor"
(`None` is an unknown state), "MQTT Binary Sensor", "MQTT Light" (template schema), and the lists
of device and state classes of "Sensor".
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

UNITS = {
    "Cel": "°C",
    "W.h": "Wh",
    "deg": "°",
    "uT": "µT",
    "1": "",
    "%": "%",
    "dB[mW]": "dBm",
}
"""UCUM code -> unit of Home Assistant; one that is not here is the same in both."""
CLASSES = {
    "Cel": "temperature",
    "V": "voltage",
    "mV": "voltage",
    "lx": "illuminance",
    "mm": "distance",
    "W": "power",
    "W.h": "energy",
    "dB[mW]": "signal_strength",
}
"""UCUM code -> device class of a sensor."""
SHARES = ("Level", "Share", "Humidity")
"""Ends of the names of properties from 0 to 1, which are shown in percent."""
COUNTS = ("Count", "energy")
"""Ends of the names of properties that only grow."""
OCCUPANCY = frozenset({"presence", "occupancy", "occupied"})
"""Properties that are 1 or 0: somebody or something is there, or not."""
LEVEL = "dimmingLevel"
ON = (
    '{"values": {"level": {% if brightness is defined %}{{ [(brightness / 2.55) | round | int, 1] '
    "| max }}{% else %}100{% endif %}}}"
)
"""The body of a `dim` to a level of 1 to 100 from a brightness of 1 to 255."""
OFF = '{"values": {"level": 0}}'
_LEVEL = "(value_json.value | float(0))"


class Told(Struct, frozen=True):
    """What is known of a device.

    topic: of the property's newest value.  command_topic: takes `dim`; empty where none is taken.
    """

    eui: str
    name: str
    profile: str
    topic: str
    command_topic: str


def entities(told: Told, name: str, unit: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """(component/node id/object id, description) of each entity that shows a property."""
    kind, own = _sensor(name, unit)
    yield f"{kind}/{told.eui}/{name}", _shared(told, name, name) | own
    if name == LEVEL and told.command_topic:
        yield f"light/{told.eui}/light", _shared(told, "light", None) | _light(told)


def _shared(told: Told, id_: str, shown: str | None) -> dict[str, Any]:
    """What every entity says. shown: its name; None: that of the device."""
    return {
        "name": shown,
        "unique_id": f"lamplighter_{told.eui}_{id_}",
        "state_topic": told.topic,
        "json_attributes_topic": told.topic,
        "qos": 1,
        "device": {
            "identifiers": [f"lamplighter_{told.eui}"],
            "name": told.name,
            "model": told.profile or "device",
            "serial_number": told.eui,
        },
        "origin": {"name": "Lamplighter"},
    }


def _sensor(name: str, unit: str) -> tuple[str, dict[str, Any]]:
    """(component, its own keys)."""
    value = "value_json.value"
    if name in OCCUPANCY:
        shown = f"{{{{ none if {value} is none else ('ON' if {value} | int(0) else 'OFF') }}}}"
        return "binary_sensor", {"device_class": "occupancy", "value_template": shown}
    found: dict[str, Any] = {"value_template": f"{{{{ {value} }}}}"}
    if unit == "1" and name.endswith(SHARES):
        percent = f"{{{{ none if {value} is none else ({value} * 100) | round(1) }}}}"
        return "sensor", {
            "value_template": percent, "unit_of_measurement": "%", "state_class": "measurement",
        }  # fmt: skip
    if name.endswith(COUNTS):
        found["state_class"] = "total_increasing"
    elif unit != "1":
        found["state_class"] = "measurement"
    if unit in CLASSES:
        found["device_class"] = CLASSES[unit]
    shown = UNITS.get(unit, unit)
    return "sensor", found | ({"unit_of_measurement": shown} if shown else {})


def _light(told: Told) -> dict[str, Any]:
    """A lamp whose level can be set."""
    return {
        "schema": "template",
        "command_topic": told.command_topic,
        "command_on_template": ON,
        "command_off_template": OFF,
        "state_template": f"{{{{ 'on' if {_LEVEL} > 0 else 'off' }}}}",
        "brightness_template": f"{{{{ ({_LEVEL} * 255) | round | int }}}}",
    }
