"""What a board's settings may be: the node checks them, the gateway what it writes for a board."""

LIMITS = {
    "name": (24, "text"),
    "asset": (24, "text"),
    "dev_eui": (16, "hex"),
    "join_eui": (16, "hex"),
    "app_key": (32, "hex"),
    "report_s": ((60, 86400), "number"),
    "sample_s": ((10, 86400), "number"),
    "start_jitter_s": ((0, 600), "number"),
    "confirm_every": ((0, 7), "number"),
    "batch": ((1, 32), "number"),
    "batch_whole": ((0, 1), "number"),
    "repeat": ((0, 12), "number"),
}
"""setting -> (allowed, kind).

text: most characters.  hex: digits.  number: lowest and highest. Those of a profile are in
`wire.profiles`.
"""
