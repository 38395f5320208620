"""What a node is, one file a profile; `Profile` here is what all of them share.

`wire.profiles` has the facts; a file adds the fields of its payload, its state and its commands.
"""

from micropython import const
from unload import unload

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Facts

ABSENT = 1
STUCK = 2
NOISY = 4
DRIFTING = 8
"""In which ways a sensor is sick: bits, in the order of `wire.enums.SICK`."""

_DAY_S = const(86400)
_HOUR_S = const(3600)


class Kept:
    """An object of a profile whose numbers outlast deep sleep."""


class Profile:
    """Facts of the profile as attributes, and what is the same for most profiles.

    node: a `node.app.Node`.  `fields(sensed)` is the file's own: {role: values of its sensor, or
    None when it does not answer} -> the payload's fields without `seq` and `age`. It calls `ails`
    for each way in which a sensor is sick; that it is ABSENT is known before.
    """

    status_s = _HOUR_S  # uptime at which the next daily status is due
    _told_s = -_HOUR_S
    _low = False

    def __init__(self, node):
        from wire.profiles import of

        self.node = node
        self.name = name = node.config["profile"]
        facts: "Facts" = of(name)  # pyright: ignore[reportAssignmentType] - it is installed
        self.payload = facts["payload"]
        self.roles = facts["roles"]
        self.optional = facts["optional"]
        self.pace = facts.get("pace", "sample_s")
        self.sleeper = facts["class"] == "A"
        self._watched = facts["watch"]
        self.ends_us = 1 << 60  # the clock's instant at which a sample is due whatever is usual
        self.sick = {}  # role -> bits
        self.told = {}
        of = None
        unload("wire.profiles")

    def start(self) -> None:
        """Start what needs neither sensors nor a link."""

    def ready(self) -> None:
        """Sensors and link exist: start what reacts to them."""

    def heard(self) -> None:
        """A downlink was received."""

    def wanted(self) -> list:
        """[(role, driver)] of the sensors that the next measurement reads."""
        return sorted(self.node.sensors.items())[::-1]  # a tilt lasts seconds

    def save(self) -> None:
        """Persist the state: called after each sample, never during an exchange."""

    def taken(self, values: dict) -> dict:
        """These fields become a reading. Returns them."""
        return values

    def due(self, usual: bool) -> bool:
        """Is a report due, now that `fields` was called for it?  usual: by its interval."""
        return usual

    def changed(self, old: dict, new: dict) -> bool:
        """Is a reading with these fields sent before the report is due?"""
        if not self._watched:
            return False
        field, setting = self._watched
        before, now = old[field], new[field]
        if setting is None or before is None or now is None:
            return before != now
        return abs(before - now) >= self.node.config[setting]

    def commands(self) -> "object | None":
        """The module of the network's own commands for it, loaded on demand; None: it has none.

        It has `facts(node)` for `info`, and for `node.commands` `obey(node, name, values)`, whose
        values are None when it answers later, and `applied(node, name)`.
        """

    def console(self) -> tuple:
        """Rows for `node.shell`, loaded on demand."""
        return ()

    async def tell(self, now_s: int) -> None:
        """Queue a status if one is due: an hour after the start, and each day.

        And where a sensor became sick, or well again; but not twice an hour.
        """
        if now_s < self.status_s and (self.sick == self.told or now_s < self._told_s + _HOUR_S):
            return
        self.status_s = now_s + _DAY_S
        self._told_s = now_s
        self.told = self.sick
        node = self.node
        await node.gap()
        from node import status

        status.report(node)
        status = None
        node.forget("status", "crash")

    # --- judgements -----------------------------------------------------------------------------

    def ails(self, role: str, bits: int) -> None:
        """A sensor is sick, in another way than those noted of this measurement."""
        self.sick[role] = self.sick.get(role, 0) | bits

    def millivolts(self) -> "int | None":
        """Battery voltage as payloads take it, 2000 to 7080 mV."""
        battery_mv = self.node.power.battery_mv()
        return battery_mv if battery_mv and 2000 <= battery_mv <= 7080 else None

    def low(self) -> int:
        """1: the battery is below the board's limit; then reports are rarer, see `report_s`."""
        self._low = self.node.power.low()
        return int(self._low)

    def report_s(self) -> int:
        """Between two reports: four times what is usual where the cell is low, at most a day.

        The flag `low_battery` of each reading tells why. What is sent at once stays so.
        """
        usual_s = self.node.config["report_s"]
        return min(usual_s << 2, _DAY_S) if self._low and self.sleeper else usual_s
