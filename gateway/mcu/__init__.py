"""What each microcontroller's pins can do, one file a chip, and what that says of a board file.

A file here is named as the chip in lower case and holds:

    PORT: str                    MicroPython's port, as `PORT` of a board file
    MARCH: str                   what mpy-cross calls its core
    FLASH: dict[str, int]        bytes, and the file system's, as `FLASH` of a board file
    GPIOS: range                 numbers of its GPIOs
    UNUSABLE: dict[int, str]     those among them that must not be used, and why
    SHARED: frozenset[tuple[str, int]]   (wire, GPIO) that are good for all that
    INPUT_ONLY: frozenset[int]   GPIOs without an output driver
    STRAPPING: dict[int, str]    GPIOs read at reset, and what nothing outside may do to them then
    ADC: frozenset[int]          GPIOs with an analog input
    WAKES: frozenset[int]        GPIOs whose level or edge ends any sleep that a node takes
    CONTROLLERS: dict[str, tuple[int, ...]]     bus -> numbers of its controllers
    reaches(bus, number, wire, gpio) -> bool    can this controller have its wire at this GPIO?
"""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, Protocol

BUS_WIRES = {
    "uart": ("tx", "rx"),
    "i2c": ("sda", "scl"),
    "spi": ("sck", "mosi", "miso"),
}
OUTPUTS = frozenset({
    "tx", "sda", "scl", "sck", "mosi", "cs", "nss", "reset", "antenna", "rxen", "txen", "lamp",
    "led", "power", "divider",
})  # fmt: skip
"""Wires that the chip drives; all others are inputs."""
OUTSIDE = frozenset({
    "rx", "sda", "scl", "miso", "busy", "dio0", "dio1", "pin", "pin_b", "adc", "vbus", "battery",
    "wake",
})  # fmt: skip
"""Wires whose level something outside the chip decides while it is reset."""
ANALOG = frozenset({"adc", "battery"})


class Chip(Protocol):
    """A file of this folder; the module's docstring describes the parts."""

    PORT: str
    MARCH: str
    FLASH: dict[str, int]
    GPIOS: range
    UNUSABLE: dict[int, str]
    SHARED: frozenset[tuple[str, int]]
    INPUT_ONLY: frozenset[int]
    STRAPPING: dict[int, str]
    ADC: frozenset[int]
    WAKES: frozenset[int]
    CONTROLLERS: dict[str, tuple[int, ...]]

    def reaches(self, bus: str, number: int, wire: str, gpio: int, /) -> bool:
        """Can this controller have its wire at this GPIO?"""
        ...


class Wire(NamedTuple):
    """One wire of a board. number: the controller of its bus; both are empty for a plain pin."""

    owner: str
    name: str
    gpio: Any
    bus: str = ""
    number: Any = None

    def __str__(self) -> str:
        return self.name if self.owner == self.name else f"{self.name} of {self.owner}"


def names() -> list[str]:
    """The chips known, as board files name them."""
    return sorted(one.name.upper() for one in pkgutil.iter_modules(__path__))


def chip(mcu: str) -> Chip:
    """What is known of a chip. Raises ValueError for another one."""
    if mcu not in names():
        known = ", ".join(names())
        raise ValueError(f"MCU must be one of {known}, or add gateway/mcu/{str(mcu).lower()}.py")
    found: Any = importlib.import_module(f"{__name__}.{mcu.lower()}")
    return found


def complaints(constants: Mapping[str, Any]) -> list[str]:
    """What cannot be about the pins of a board file. constants: its literals, MCU among them."""
    on = chip(constants["MCU"])
    found: list[str] = []
    if constants["PORT"] != on.PORT:
        found.append(f"PORT of a board with {constants['MCU']} is {on.PORT!r}")
    try:
        wires = list(_wires(constants))
    except KeyError as error:
        return [*found, f"PINS or SENSORS: {error.args[0]} is missing"]
    except (AttributeError, TypeError) as error:
        return [*found, f"PINS or SENSORS: {error!r} is of a wrong kind"]
    found += [sentence for wire in wires if (sentence := _alone(on, wire))]
    return found + _together(wires)


def _wires(constants: Mapping[str, Any]) -> Iterator[Wire]:
    """Every wire of PINS and SENSORS."""
    for name, gpio in constants["PINS"].items():
        radio = name in BUS_WIRES["spi"]
        bus, number = ("spi", constants["RADIO_SPI"]) if radio else ("", None)
        yield Wire("the radio" if radio else name, name, gpio, bus, number)
    for role, entry in constants["SENSORS"].items():
        owner = f"{role} ({entry['chip']})"
        for bus, lines in BUS_WIRES.items():
            for line in lines if bus in entry else ():
                if line not in entry:
                    raise KeyError(f"{line!r} of {owner}, which is on {bus}")
                yield Wire(owner, line, entry[line], bus, entry[bus])
        for line in ("cs", "adc", "pin", "pin_b", "power"):
            if line in entry:
                yield Wire(owner, line, entry[line])


def _alone(on: Chip, wire: Wire) -> str:
    """Why this wire cannot be where it is, whatever the others are; empty if it can."""
    why = _pad(on, wire.name, wire.gpio) or _route(on, wire)
    return why and f"{wire} at GPIO{wire.gpio}: {why}"


def _pad(on: Chip, name: str, gpio: Any) -> str:
    """Why the pad of a GPIO is not good for a wire of this name."""
    reasons = {
        "there is no such GPIO": not isinstance(gpio, int) or gpio not in on.GPIOS,
        on.UNUSABLE.get(gpio, ""): gpio in on.UNUSABLE and (name, gpio) not in on.SHARED,
        "this GPIO is an input only": gpio in on.INPUT_ONLY and name in OUTPUTS,
        f"read at reset, {on.STRAPPING.get(gpio)}": gpio in on.STRAPPING and name in OUTSIDE,
        f"it cannot end sleep; those that can are {_listed(on.WAKES)}": (
            name == "wake" and gpio not in on.WAKES
        ),
        f"no analog input; those are {_listed(on.ADC)}": name in ANALOG and gpio not in on.ADC,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def _route(on: Chip, wire: Wire) -> str:
    """Why the controller of a bus cannot have this wire at its GPIO."""
    _, name, gpio, bus, number = wire
    if not bus or (number in on.CONTROLLERS[bus] and on.reaches(bus, number, name, gpio)):
        return ""
    if number not in on.CONTROLLERS[bus]:
        return f"there is no {bus} {number}, but {_listed(on.CONTROLLERS[bus])}"
    can = [one for one in on.GPIOS if on.reaches(bus, number, name, one)]
    return f"{bus} {number} has {name} only at {_listed(can)}"


def _together(wires: list[Wire]) -> list[str]:
    """What two wires cannot share: a GPIO, a serial line, the radio's bus, a bus on other pins."""
    found: list[str] = []
    gpios: dict[Any, Wire] = {}
    lines: dict[tuple[str, Any, str], Wire] = {}
    for wire in wires:
        shared = wire.bus in {"i2c", "spi"} and wire.owner != "the radio"
        other = gpios.setdefault(wire.gpio, wire)
        same = shared and (other.bus, other.number, other.name) == (
            wire.bus, wire.number, wire.name,
        )  # fmt: skip
        if other is not wire and not (same and other.owner != "the radio"):
            found.append(f"GPIO{wire.gpio} is both {other} and {wire}")
            continue
        line = lines.setdefault((wire.bus, wire.number, wire.name), wire) if wire.bus else wire
        if line is not wire and not (shared and line.gpio == wire.gpio):
            found.append(
                f"{wire.bus} {wire.number} is of both {line.owner} and {wire.owner}, whose "
                f"{wire.name} are at GPIO{line.gpio} and GPIO{wire.gpio}"
            )
    return found


def _listed(numbers: Any) -> str:
    return ", ".join(str(one) for one in sorted(numbers))
