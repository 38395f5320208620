"""People counted at one place."""

FACTS = {
    "payload": "counter",
    "class": "A",
    "roles": ("motion",),
    "optional": (),
    "report_s": 900,
    "sample_s": 900,
    "watch": None,
    "settings": {},
    "ordered": (),
}  # fmt: skip
