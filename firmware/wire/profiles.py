"""What a device can be: the facts that node and gateway share, one entry a profile.

A profile's fields, state and commands are `node/profiles/<name>.py`; its number in the `boot`
payload is its place in `wire.words.PROFILES`.
"""

PROFILES: "dict[str, dict[str, object]]" = {
    "bin": {
        "payload": "bin",
        "class": "A",
        "roles": ("distance",),
        "optional": ("temperature", "tilt"),
        "report_s": 3600,
        "sample_s": 600,
        "watch": ("fill", "delta"),
        "settings": {
            "empty_mm": (1200, (100, 5000), "number"),
            "height_mm": (1000, (50, 5000), "number"),
            "delta": (5, (1, 100), "number"),
            "shape": ("prism", 10, "shape"),
            "fire_c": (60, (40, 85), "number"),
        },
        "ordered": (
            (
                "height_mm", 0, "empty_mm",
                "height_mm is more than empty_mm",
            ),
        ),
    },
    "lamp": {
        "payload": "lamp",
        "class": "C",
        "roles": ("light", "motion"),
        "optional": ("meter",),
        "report_s": 3600,
        "sample_s": 30,
        "watch": ("why", None),
        "settings": {
            "on_lux": (20, (0, 10000), "number"),
            "off_lux": (50, (1, 20000), "number"),
            "night_level": (100, (0, 100), "number"),
            "boost_level": (100, (0, 100), "number"),
            "boost_s": (60, (5, 3600), "number"),
            "ramp_s": (2, (0, 60), "number"),
            "failsafe_min": (1440, (1, 10080), "number"),
            "failsafe_level": (100, (1, 100), "number"),
            "programme": ((), 48, "programme"),
        },
        "ordered": (
            (
                "on_lux", 1, "off_lux",
                "on_lux must be below off_lux",
            ),
        ),
    },
    "counter": {
        "payload": "counter",
        "class": "A",
        "roles": ("motion",),
        "optional": (),
        "report_s": 900,
        "sample_s": 900,
        "watch": None,
        "settings": {},
        "ordered": (),
    },
    "people": {
        "payload": "people",
        "class": "C",
        "roles": ("people",),
        "optional": (),
        "report_s": 900,
        "sample_s": 60,
        "watch": None,
        "settings": {"hidden_pct": (10, (0, 28), "number")},
        "ordered": (),
    },
}  # fmt: skip
"""name -> facts.

payload: entry of `wire.schema.PAYLOADS`.  class: LoRaWAN class; A runs on a battery and sleeps, C
on mains and listens.  roles: the sensors it needs, as the board file names them.  optional: those
that it reads where the board file has them.  report_s,
sample_s: default intervals in s.  watch: the field whose change is sent before the report is due,
and the setting with the least change that counts (None: any change); None: no field.  settings:
{name: (default, allowed, kind)} as `node.settings` checks them, a node has those of all profiles;
their meanings are in `node/texts`.  ordered: (setting, least difference, greater setting, sentence
where they contradict).
"""
