"""Why a device of ours refuses a command, as sentences for the caller."""

REFUSALS = {
    "ok": "the device gives no reason; a technician reads its log",
    "malformed": "the device cannot read it; the operator updates its firmware or the gateway",
    "out_of_range": "a value does not fit the device's settings; the caller asks for another",
    "unsupported": "the device has nothing that could do it; the caller asks another one",
    "below_floor": "the level is below the device's floor; the caller asks for more",
    "manual": "a technician holds it on the spot; the caller asks again later",
    "safety": "a technician holds it safe on the spot; the caller asks again later",
    "clock_unknown": "the device does not know the time yet; the gateway sends it again",
    "gone": "the device has nothing of it left; nobody can bring it back",
    "failed": "the device tried and could not; a technician reads its log",
}
"""A reason of `wire.words.REASONS` as a sentence: what, and who acts next."""
