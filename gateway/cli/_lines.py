"""An event as a person reads it: one line."""

from typing import Any

from gateway.events import Event

COLUMNS = "{time:<24}  {kind:<11}  {device:<20}  {what}"
"""Of a line that is printed before the next is known; a table measures its columns."""


def row(event: Event, names: dict[str, str]) -> dict[str, Any]:
    """Its columns. names: {dev_eui: name}."""
    return {
        "time": event.time,
        "kind": event.type.split(".")[1],
        "device": names.get(event.subject) or event.data.get("device") or event.subject,
        "what": what(event.data),
        "id": event.id,
    }


def what(data: dict[str, Any]) -> str:
    """What its data say, without what every line has."""
    if "state" in data:
        return _command(data)
    if "first_seq" in data:
        return f"readings {data['first_seq']} to {data['last_seq']} did not arrive"
    said = [_value(one) for one in data.get("values", ())]
    address = data.get("dev_addr")
    said.append(f"DevAddr {address}" if address else "")
    said += [data.get("code", ""), data.get("reason", "")]
    return ", ".join(filter(None, said))


def _command(data: dict[str, Any]) -> str:
    asked = " ".join(f"{name}={value}" for name, value in data["values"].items())
    applied: dict[str, Any] = data.get("applied") or {}
    found = ", ".join(f"{name} {value}" for name, value in applied.items())
    parts = [f"{data['name']} {asked}".strip() + f": {data['state']}", found, data.get("reason")]
    return "; ".join(one for one in parts if one)


def _value(value: dict[str, Any]) -> str:
    unit = "" if value["unit"] == "1" else f" {value['unit']}"
    flags = [one for one in value["quality"] if one != "ok"]
    doubt = f" ({', '.join(flags)})" if flags else ""
    measured = "unknown" if value["value"] is None else f"{value['value']}{unit}"
    return f"{value['property']} {measured}{doubt}"
