"""A bin."""

FACTS = {
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
}  # fmt: skip
