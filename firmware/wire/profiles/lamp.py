"""A street lamp."""

FACTS = {
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
        "latitude": (0, (-90000, 90000), "number"),
        "longitude": (0, (-180000, 180000), "number"),
    },
    "ordered": (
        (
            "on_lux", 1, "off_lux",
            "on_lux must be below off_lux",
        ),
    ),
}  # fmt: skip
