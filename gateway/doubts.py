"""What of a filter has matched nothing so far."""

from gateway.filters import Wanting
from gateway.store import View


def doubts(view: View, one: Wanting) -> list[str]:
    """One sentence each, that says who acts next."""
    registered = view.devices()
    known = [device.dev_eui for device in registered]
    strangers = sorted(set(one.devices) - set(known))
    said = [
        f"the filter names {eui!r}, which is not registered: add that device, or change the filter"
        for eui in strangers
    ]
    given = {tag for device in registered for tag in device.tags}
    said += [
        f"the filter names the tag {tag!r}, which no device has: `lamplighter device tag` gives it"
        for tag in one.tags
        if tag not in given
    ]
    if one.properties:
        among = [
            device.dev_eui
            for device in registered
            if (not one.devices or device.dev_eui in one.devices)
            and (not one.tags or set(one.tags) & set(device.tags))
        ]
        told = {latest.property for eui in among for latest in view.latest(eui)}
        said += [
            f"the filter names the property {name!r}, which none of its devices has told so far: "
            "`lamplighter device show` lists what a device tells"
            for name in one.properties
            if name not in told
        ]
    return said
