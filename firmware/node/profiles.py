"""What a node is, as data: sensors, payload, class, and when a reading is worth sending."""

PROFILES = {
    "bin": {
        "id": 1,
        "payload": "bin",
        "sensors": ("a02yyuw",),
        "sleeper": True,
        "report_s": 3600,
        "sample_s": 600,
        "watch": ("fill", "delta"),
    },
    "lamp": {
        "id": 2,
        "payload": "lamp",
        "sensors": ("bh1750", "am312"),
        "sleeper": False,
        "report_s": 3600,
        "sample_s": 30,
        "watch": ("why", None),
    },
    "counter": {
        "id": 3,
        "payload": "counter",
        "sensors": ("am312",),
        "sleeper": True,
        "report_s": 900,
        "sample_s": 900,
        "watch": None,
    },
}
"""name -> id in the `boot` payload (wire.schema.PROFILES), payload, sensor modules, battery (class
A, sleeps) or mains (class C, listens), default intervals, and the field whose change is sent
before the report is due: by the amount in the named setting, or any change (None)."""
