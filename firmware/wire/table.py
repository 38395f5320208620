"""The table of reports (uplinks) and commands (downlinks); both ends interpret it.

A field is "name bits [low high [step]] [?]": big-endian bits of (value - low) / step, from 0 to
all that the bits hold where no range is given; `?` makes it optional, all ones then mean an
absent value (None). Values are integers; unit, meaning and examples stand in `meaning.py`, which
no board carries. Fields are only ever appended: a changed meaning is a new fport. Text, because
text takes a third of the heap that tuples take. The readings are a file each in `wire.readings`: a
node loads its own alone. `wire.schema` has all of them.
"""

_RAMP = "ramp 8 ?,hold 14 1 10080 ?"
_SICK = "".join(["sensor%d 4 0 8 ?,sick%d 4," % (one, one) for one in (1, 2, 3)])
_TEXTS = "text1 48 ?,text2 48 ?,text3 48 ?"
_INTERVALS = "report_s 17 60 86400 ?,sample_s 17 10 86400 ?"

REPORTS: "dict[str, tuple[int, str]]" = {
    "boot": (
        20,
        (
            "cause 3 0 4,"
            "profile 3 0 4,"
            "major 4,"
            "minor 6,"
            "patch 6,"
            "boots 10,"
            "config_version 16,"
            "first_seq 16,"
            "next_seq 16"
        ),
    ),
    "applied": (
        21,
        (
            "token 16,"
            "result 4 0 2,"
            "reason 4 0 9,"
            "config_version 16,"
            "level 7 0 100 ?," + _RAMP + "," + _INTERVALS + ",count 8 ?,version 16 ?"
        ),
    ),
    "safe": (
        22,
        ("crashes 16,cause 8 0 4," + _TEXTS),
    ),
    "status": (
        23,
        (
            "major 4,"
            "minor 6,"
            "patch 6,"
            "cause 3 0 4,"
            "boots 16,"
            "config_version 16,"
            "battery 8 2000 7080 20 ?,"
            "window_us 14 ?,"
            "erases 20 ?,"
            "heap_free 16 0 655340 10 ?," + _SICK + _TEXTS
        ),
    ),
}
"""name -> (fport, fields)."""

_COMMAND = "token 16,expires 32 ?"
"""How every command starts: the token comes back in `applied`; Unix seconds, absent: never."""

COMMANDS: "dict[str, tuple[int, str]]" = {
    "dim": (
        30,
        _COMMAND + ",level 7 0 100," + _RAMP + ",over_presence 2 0 1 ?",
    ),
    "interval": (31, _COMMAND + "," + _INTERVALS),
    "resend": (32, _COMMAND + ",first 16,count 8 1 254"),
    "reboot": (33, _COMMAND),
    "programme": (
        34,
        _COMMAND + ",version 16,size 8,at 5,data1 48,data2 48",
    ),
}
"""name -> (fport, fields)."""
