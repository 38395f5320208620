"""The sums of webhooks, counted again from the deliveries themselves."""

from msgspec import Struct

from gateway.model import Totals
from gateway.store import View
from gateway.usecases import Parts


class Difference(Struct):
    """A sum that the deliveries contradict. told: by `webhook list`.  counted: from the rows."""

    webhook: str
    sum: str
    told: int
    counted: int


class Audit(Struct):
    """What an audit found. webhooks: looked at, removed ones too.  deliveries: of them, in all."""

    webhooks: int
    deliveries: int
    differences: list[Difference]


async def audit(parts: Parts) -> Audit:
    """Count matched = delivered + pending + dead + withdrawn again, and compare with the sums."""
    return await parts.store.read(_audit)


def _audit(view: View) -> Audit:
    counted = view.recount()
    differences = [
        Difference(webhook, name, told, found)
        for webhook, rows in counted.items()
        for name, told, found in _unequal(view.totals(webhook), rows)
    ]
    return Audit(len(counted), sum(one.matched for one in counted.values()), differences)


def _unequal(told: Totals, counted: Totals) -> list[tuple[str, int, int]]:
    pairs = [
        (name, getattr(told, name), getattr(counted, name)) for name in Totals.__struct_fields__
    ]
    return [one for one in pairs if one[1] != one[2]]
