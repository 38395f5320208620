"""THE table of payloads (uplinks) and commands (downlinks); both ends interpret it.

A field is (name, bits, low, high, step, optional): big-endian bits of (value - low) / step, all
ones for an absent value (None) where the field is optional. Values are integers; unit, meaning
and examples stand in `meaning.py`, which no board carries. Fields are only ever appended: a
changed meaning is a new fport. Every command starts with `token` (echoed by `applied`) and
`expires` (Unix seconds; absent: never).
"""

CAUSES = ("power", "soft", "watchdog", "deepsleep", "wiped")
PROFILES = ("none", "bin", "lamp", "counter", "parking")
WHY = ("default", "programme", "photocell", "presence", "failsafe", "command", "manual", "safety")
RESULTS = ("applied", "refused", "expired")
REASONS = (
    "ok", "malformed", "out_of_range", "unsupported", "below_floor", "manual", "safety",
    "clock_unknown", "gone", "failed",
)  # fmt: skip

ENUMS = {
    "cause": CAUSES,
    "profile": PROFILES,
    "why": WHY,
    "result": RESULTS,
    "reason": REASONS,
}

FIRST_REPORT = 20
"""Payloads of a smaller fport are readings: they start with `seq` and `age`, 16 bits each."""

PAYLOADS = {
    "bin": (10, (
        ("seq", 16, 0, 65535, 1, False),
        ("age", 16, 0, 655340, 10, True),
        ("fill", 7, 0, 100, 1, True),
        ("distance", 13, 0, 8190, 1, True),
        ("valid", 4, 0, 15, 1, False),
        ("spread", 10, 0, 1022, 1, True),
        ("battery", 8, 2000, 7080, 20, True),
        ("obstructed", 1, 0, 1, 1, False),
        ("suspect", 1, 0, 1, 1, False),
        ("low_battery", 1, 0, 1, 1, False),
        ("uncalibrated", 1, 0, 1, 1, False),
    )),
    "lamp": (11, (
        ("seq", 16, 0, 65535, 1, False),
        ("age", 16, 0, 655340, 10, True),
        ("level", 7, 0, 100, 1, True),
        ("why", 4, 0, 7, 1, False),
        ("lux", 17, 0, 131070, 1, True),
        ("presence", 1, 0, 1, 1, False),
        ("passages", 10, 0, 1022, 1, True),
        ("saturated", 1, 0, 1, 1, False),
        ("suspect", 1, 0, 1, 1, False),
    )),
    "counter": (12, (
        ("seq", 16, 0, 65535, 1, False),
        ("age", 16, 0, 655340, 10, True),
        ("total", 32, 0, 4294967295, 1, False),
        ("boots", 4, 0, 15, 1, False),
        ("battery", 8, 2000, 7080, 20, True),
        ("presence", 1, 0, 1, 1, False),
        ("suspect", 1, 0, 1, 1, False),
        ("low_battery", 1, 0, 1, 1, False),
    )),
    "boot": (20, (
        ("cause", 3, 0, 4, 1, False),
        ("profile", 3, 0, 4, 1, False),
        ("major", 4, 0, 15, 1, False),
        ("minor", 6, 0, 63, 1, False),
        ("patch", 6, 0, 63, 1, False),
        ("boots", 10, 0, 1023, 1, False),
        ("config_version", 16, 0, 65535, 1, False),
        ("first_seq", 16, 0, 65535, 1, False),
        ("next_seq", 16, 0, 65535, 1, False),
    )),
    "applied": (21, (
        ("token", 16, 0, 65535, 1, False),
        ("result", 4, 0, 2, 1, False),
        ("reason", 4, 0, 9, 1, False),
        ("config_version", 16, 0, 65535, 1, False),
        ("level", 7, 0, 100, 1, True),
        ("ramp", 8, 0, 254, 1, True),
        ("hold", 14, 1, 10080, 1, True),
        ("report", 17, 60, 86400, 1, True),
        ("sample", 17, 10, 86400, 1, True),
        ("count", 8, 0, 254, 1, True),
    )),
}  # fmt: skip

COMMANDS = {
    "dim": (30, (
        ("token", 16, 0, 65535, 1, False),
        ("expires", 32, 0, 4294967294, 1, True),
        ("level", 7, 0, 100, 1, False),
        ("ramp", 8, 0, 254, 1, True),
        ("hold", 14, 1, 10080, 1, True),
    )),
    "interval": (31, (
        ("token", 16, 0, 65535, 1, False),
        ("expires", 32, 0, 4294967294, 1, True),
        ("report", 17, 60, 86400, 1, True),
        ("sample", 17, 10, 86400, 1, True),
    )),
    "resend": (32, (
        ("token", 16, 0, 65535, 1, False),
        ("expires", 32, 0, 4294967294, 1, True),
        ("first", 16, 0, 65535, 1, False),
        ("count", 8, 1, 254, 1, False),
    )),
    "reboot": (33, (
        ("token", 16, 0, 65535, 1, False),
        ("expires", 32, 0, 4294967294, 1, True),
    )),
}  # fmt: skip
