"""A parking bay."""

FACTS = {
    "payload": "parking",
    "class": "A",
    "roles": ("field",),
    "optional": ("distance",),
    "pace": "field_s",
    "report_s": 21600,
    "sample_s": 3600,
    "watch": ("occupied", None),
    "settings": {
        "field_s": (2, (1, 10), "number"),
        "car_mm": (800, (200, 5000), "number"),
    },
    "ordered": (),
}  # fmt: skip
