"""What the products EM500 share. Source: as `_milesight`."""

from gateway.devices._milesight import REPORT, SAMPLE, nothing
from gateway.devices._settings import Setting

_OTHERS = {
    "06": 9,
    "11": 4,
    "17": 2,
    "1c": 2,
    "27": 1,
    "28": 1,
    "35": 8,
    "3b": 1,
    "4a": 1,
    "68": 1,
    "69": 1,
    "6a": 3,
    "84": 1,
    "96": 8,
    "f1": 4,
    "f2": 2,
    "f5": 1,
}
"""{type: bytes} of answers to settings that are not made here."""
ANSWERS = {
    "02": SAMPLE,
    "03": REPORT,
    **{kind: nothing(size) for kind, size in _OTHERS.items()},
}
SETTINGS = (
    Setting("report_s", "ff 03", "<H", 60, 64_800),
    Setting("sample_s", "ff 02", "<H", 60, 64_800),
)
