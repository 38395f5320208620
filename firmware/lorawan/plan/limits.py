"""Radiated power and dwell time: the region's, or those of TxParamSetupReq.

Source: TS001-1.0.4, 5.9; RP002-1.0.4, tables of maximum payload size with dwell time.
"""


def limit(plan, eirp_dbm: int, dwell: int) -> None:
    """dwell: bit 0: uplinks last 400 ms at most, bit 1: downlinks do."""
    region = plan.region
    plan.eirp_dbm = eirp_dbm
    plan.dwell = dwell
    plan.lowest_dr = 0
    plan.payloads = region.MAX_PAYLOAD
    plan.down_payloads = region.MAX_PAYLOAD
    if dwell & 1:
        plan.lowest_dr = region.DWELL_DR
        plan.payloads = region.DWELL_PAYLOAD
    if dwell & 2:
        plan.down_payloads = region.DWELL_PAYLOAD


def reset(plan) -> None:
    """The region's limits."""
    limit(plan, plan.region.MAX_EIRP_DBM, plan.region.DWELL or 0)
