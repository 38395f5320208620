"""What of a filter has matched nothing so far."""

from gateway.filters import Wanting
from gateway.store import View


def doubts(view: View, one: Wanting) -> list[str]:
    """One sentence each, that says who acts next."""
    known = [device.dev_eui for device in view.devices()]
    strangers = sorted(set(one.devices) - set(known))
    said = [
        f"the filter names {eui!r}, which is not registered: add that device, or change the filter"
        for eui in strangers
    ]
    if one.properties:
        among = [eui for eui in known if not one.devices or eui in one.devices]
        told = {latest.property for eui in among for latest in view.latest(eui)}
        said += [
            f"the filter names the property {name!r}, which none of its devices has told so far: "
            "`lamplighter device show` lists what a device tells"
            for name in one.properties
            if name not in told
        ]
    return said
