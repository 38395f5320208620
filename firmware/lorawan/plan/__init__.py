"""Channel plans: `dynamic` (a few channels, the network adds more) and `fixed` (64 + 8).

A region's file names its plan, and only that plan is loaded. A `Plan` is what each uplink needs.
Its other half, `<plan>_setup`, is for joining and for what the network sets: it is loaded for the
moment and unloaded, since on a board bytecode occupies the heap.
Source: RP002-1.0.4, chapter 2; TS001-1.0.4, chapter 5.

A channel is its index, as in NewChannelReq and ChMask. A Plan has

    region      module of literals        mask         bit n set: channel n is enabled
    eirp_dbm    limit of radiated power   dwell        as `limits.limit`
    lowest_dr   that dwell time allows    payloads     N by data rate: bytes with empty FOpts
    down_payloads                                      the same of downlinks
    usable(dr)  enabled channels          own(dr)      channels that no command takes away
    up_hz(channel), down_hz(channel), rx1_dr(dr, offset)
"""


def of(region):
    """The plan of a region's module, as before a Join-Accept."""
    plan = __import__("lorawan.plan." + region.PLAN, None, None, ("*",)).Plan(region)
    setup(plan).reset(plan)
    return plan


def setup(plan):
    """The module `<plan>_setup`; `Mac` unloads it."""
    return __import__("lorawan.plan." + plan.region.PLAN + "_setup", None, None, ("*",))
