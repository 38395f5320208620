"""What the fields of a codec's `data` are here: properties, units, commands.

A field is named by its path, as `temperature` or `air.temperature`. What is not named is left out.
"""

from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct, field

from gateway.devices import Applied, Field, Reading, Report, named
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command

TEXT_MOST = 200
Property = Annotated[str, Meta(pattern="^[a-z][A-Za-z0-9]*$", max_length=50)]
Path = Annotated[str, Meta(min_length=1, max_length=100)]


class Measure(Struct, frozen=True, forbid_unknown_fields=True):
    """One property: the field x times + plus.

    unit: UCUM code.  words: what texts stand for; a text that is not in them is a value itself.
    """

    property: Property
    unit: str = "1"
    times: float = 1
    plus: float = 0
    words: dict[str, int] = {}


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A field of a command: whole, low..high.

    sends: path of it in the `data` that `encodeDownlink` gets.  told: path in the `data` of the
    uplink with which the device confirms it.  over: the codec's number is ours / over.
    """

    sends: Path
    told: Path
    low: int
    high: int
    over: int = 1


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """values: {path: Measure}.  commands: {name: {field: Part}}."""

    values: dict[Path, Measure]
    commands: dict[str, dict[str, Part]] = field(default_factory=dict)

    def takes(self) -> dict[str, tuple[Field, ...]]:
        """The fields of each command, as gateway.devices has them."""
        return {
            name: tuple(
                Field(name=one, low=part.low, high=part.high) for one, part in parts.items()
            )
            for name, parts in self.commands.items()
        }

    def reports(self, data: dict[str, Any], warnings: list[str]) -> list[Report]:
        """What `data` says. Raises Lost where none of it is known here."""
        values = tuple(
            _value(path, one, measure)
            for path, measure in self.values.items()
            if (one := _at(data, path)) is not None
        )
        applied = self._applied(data)
        if not values and not applied:
            known = ", ".join(sorted(data))[:TEXT_MOST] or "nothing"
            raise Lost(f"none of the codec's fields is in its mapping; it gave {known}")
        told = tuple(Value("codecWarning", one[:TEXT_MOST], "1") for one in warnings[:1])
        return [*([Reading(values=values + told)] if values else []), *applied]

    def _applied(self, data: dict[str, Any]) -> list[Report]:
        found: list[Report] = []
        for name, parts in self.commands.items():
            told = {
                one: round(number * part.over)
                for one, part in parts.items()
                if isinstance(number := _at(data, part.told), int | float)
            }
            if told:
                found.append(Applied(name=name, values=told))
        return found

    def data(self, command: Command) -> dict[str, Any]:
        """The `data` that `encodeDownlink` gets. Raises Refused."""
        parts = named(command, self.commands)
        for name in sorted(command.values.keys() - parts.keys()):
            raise Refused(f"{command.name}: no field {name}", f"values.{name}")
        if not command.values:
            raise Refused(f"{command.name}: give one of {', '.join(parts)}", "values")
        made: dict[str, Any] = {}
        for name, value in command.values.items():
            _put(made, parts[name].sends, _sent(name, value, parts[name]))
        return made


def _sent(name: str, value: int, part: Part) -> int:
    if type(value) is not int or not part.low <= value <= part.high:
        said = f"{name} is {value}, no whole number from {part.low} to {part.high}"
        raise Refused(said, f"values.{name}")
    if value % part.over:
        raise Refused(f"{name} is {value}, no multiple of {part.over}", f"values.{name}")
    return value // part.over


def _at(data: dict[str, Any], path: str) -> Any:
    """What is there; None where nothing is."""
    found: Any = data
    for name in path.split("."):
        if not isinstance(found, dict):
            return None
        found = cast("dict[str, Any]", found).get(name)
    return found


def _put(made: dict[str, Any], path: str, value: int) -> None:
    *outer, last = path.split(".")
    for name in outer:
        made = made.setdefault(name, {})
    made[last] = value


def _value(path: str, found: Any, measure: Measure) -> Value:
    if isinstance(found, bool):
        found = int(found)
    if isinstance(found, str):
        if found in measure.words:
            return Value(measure.property, measure.words[found], measure.unit)
        return Value(measure.property, found[:TEXT_MOST], measure.unit)
    if not isinstance(found, int | float):
        raise Lost(f"the codec's field {path} is no number and no text")
    if abs(found) > 1e15:
        raise Lost(f"the codec's field {path} is {found:.0e}, which no sensor measures")
    if measure.times == 1 and measure.plus == 0:
        return Value(measure.property, found, measure.unit)
    return Value(measure.property, found * measure.times + measure.plus, measure.unit)


read = msgspec.json.Decoder(Mapping).decode
"""A Mapping of JSON. Raises msgspec.DecodeError."""
