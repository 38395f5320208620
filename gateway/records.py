"""What the store keeps under a kind and a key, beside devices and events: things of the town.

Each Struct here is one kind. A new one needs no table: its name is its kind.
"""

from typing import Any, Literal

from msgspec import Struct

Kind = Literal["bin", "lamp", "bay", "counter"]
Role = Literal["viewer", "operator", "technician", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "technician", "admin")
KINDS: tuple[Kind, ...] = ("bin", "lamp", "bay", "counter")


class Stay(Struct, frozen=True):
    """A device that stood for an asset. until_ms: None while it does."""

    dev_eui: str
    since_ms: int
    until_ms: int | None = None


class Asset(Struct, frozen=True, kw_only=True):
    """A thing on the street, which outlives the devices that stand for it.

    lat, lon: WGS 84, degrees.  zone: a district, a lighting cabinet, a round.
    capacity: litres of a bin, W of a lamp, places of a bay, None where unknown.
    floor_class: of a lamp, the lighting class below which it must not dim, as `P4` (EN 13201).
    stays: its devices in order of time; only the last may be without an end.
    """

    id: str
    kind: Kind
    lat: float
    lon: float
    street: str = ""
    zone: str = ""
    model: str = ""
    capacity: float | None = None
    floor_class: str = ""
    stays: tuple[Stay, ...] = ()

    @property
    def dev_eui(self) -> str:
        """Of the device that stands for it now, empty when none does."""
        return self.stays[-1].dev_eui if self.stays and self.stays[-1].until_ms is None else ""


class User(Struct, frozen=True, kw_only=True):
    """A person who may open the page.

    password: Argon2id in the form of a PHC string.
    """

    name: str
    role: Role
    password: str
    created_at_ms: int = 0


class Session(Struct, frozen=True, kw_only=True):
    """A login. id: SHA-256 of the cookie, which is kept nowhere; the key.

    csrf: what each request that changes something has to repeat.
    """

    id: str
    user: str
    csrf: str
    created_at_ms: int
    used_at_ms: int


RECORDS: tuple[type[Any], ...] = (Asset, Session, User)
"""Every kind, in the order of their names."""


def kind_of(record: type[Any]) -> str:
    """The kind of a Struct, as the store names it."""
    return record.__name__.lower()
