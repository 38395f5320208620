"""People who pass two beams."""

FACTS = {
    "payload": "people",
    "class": "C",
    "roles": ("people",),
    "optional": (),
    "report_s": 900,
    "sample_s": 60,
    "watch": None,
    "settings": {"hidden_pct": (10, (0, 28), "number")},
    "ordered": (),
}  # fmt: skip
