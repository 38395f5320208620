"""A programme as the operator writes it, TOML or JSON, checked.

The words are those of TALQ 2.7.1: `calendar`, `control programme`, `active period`.
"""

import json
import tomllib
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Refused

Level = Annotated[int, Meta(ge=0, le=100)]
Offset = Annotated[int, Meta(ge=-128, le=127)]
Clock = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Date = Annotated[str, Meta(pattern="^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DEFAULT = "default"
"""The control programme of every night that no row of the calendar names."""
SOURCE_BYTES = 16_384


class ActivePeriod(Struct, frozen=True, forbid_unknown_fields=True):
    """When the lamp may be lit; with neither sun nor photocell, always.

    rule: of sun and photocell `any` is enough, or `all` have to say that it is night.
    twilight: until the end of civil twilight and from its beginning, in place of sunset and
    sunrise.  sunset_offset_min, sunrise_offset_min: added to those instants.
    """

    sun: bool = False
    photocell: bool = False
    rule: Literal["any", "all"] = "any"
    twilight: bool = False
    sunset_offset_min: Offset = 0
    sunrise_offset_min: Offset = 0


class Row(Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """A row of the calendar; the first that fits a night counts.

    first, last: month and day, both included.  days: of the week, empty is all.  A night is of the
    date on which it begins.
    """

    programme: str
    first: Date = "01-01"
    last: Date = "12-31"
    days: tuple[Day, ...] = ()


class Source(Struct, frozen=True, forbid_unknown_fields=True):
    """A programme.

    zone: of the tz database; the node itself knows its rule for summer time.
    control_programmes: {name: {local time: level, %}}; `default` is needed. A level holds from its
    time on, over midnight, until the next.  presence_level: while somebody is there; 0 leaves it
    to the lamp's settings.
    use: what is lit, by the French decree of 27-12-2018.  closes: of a park or an activity.
    latitude, longitude: of the preview, degrees; a node has its own.
    """

    name: Annotated[str, Meta(pattern="^[0-9A-Za-z._-]{1,40}$")]
    zone: str
    control_programmes: dict[str, dict[Clock, Level]]
    active_period: ActivePeriod = ActivePeriod()
    calendar: Annotated[tuple[Row, ...], Meta(max_length=20)] = ()
    presence_level: Level = 0
    use: Literal["street", "heritage", "park", "activity_parking", "facade"] = "street"
    closes: Clock | None = None
    latitude: Annotated[float, Meta(ge=-90, le=90)] = 0.0
    longitude: Annotated[float, Meta(ge=-180, le=180)] = 0.0

    def names(self) -> list[str]:
        """Its control programmes; the first is that of nights without a row."""
        return [DEFAULT, *sorted(set(self.control_programmes) - {DEFAULT})]

    def least(self) -> int:
        """Its lowest level, %."""
        return min(level for one in self.control_programmes.values() for level in one.values())


def read(text: str) -> Source:
    """A programme from its text. Raises Refused that names the field."""
    if len(text.encode()) > SOURCE_BYTES:
        raise Refused(f"a programme's file has at most {SOURCE_BYTES} bytes", "source")
    try:
        source = msgspec.convert(_tree(text), Source)
    except msgspec.ValidationError as error:
        said, _, where = str(error).partition(" - at `$.")
        field = where.strip("`.") or "source"
        raise Refused(f"`{field}` of the programme: {said}", "source") from None
    _check(source)
    return source


def _tree(text: str) -> Any:
    try:
        return json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise Refused(f"the programme is neither TOML nor JSON: {error}", "source") from None


def _check(source: Source) -> None:
    if DEFAULT not in source.control_programmes:
        raise Refused(
            "`control_programmes` has no `default`: add one for all other nights", "source"
        )
    for name, steps in source.control_programmes.items():
        if not steps:
            raise Refused(
                f"control programme {name!r} has no step: add one, as 12:00 = 100", "source"
            )
    for row in source.calendar:
        if row.programme not in source.control_programmes:
            known = ", ".join(source.names())
            raise Refused(
                f"the calendar names control programme {row.programme!r}: there are {known}",
                "source",
            )
    period = source.active_period
    if period.rule == "all" and not (period.sun and period.photocell):
        raise Refused('`rule` "all" needs both `sun` and `photocell`', "source")
