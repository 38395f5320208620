"""How long a command waits whose caller names no expiry.

A class A device listens only after it has sent, so the time must exceed its report period.
"""

from gateway.model import REPORT_S, Device
from gateway.store import View

REPORTS = 3
"""Reports of a class A device within the time: one may be lost, and one carries the repetition."""
LONGEST_S = 30 * 86400
"""The longest expiry of any command."""
LOOK_BACK = 100
"""Commands of a device that are looked at, newest first."""


def default_s(view: View, device: Device, configured_s: float) -> float:
    """Seconds until the expiry of a command to this device. configured_s: the least."""
    if device.device_class == "C":
        return configured_s
    return min(max(configured_s, REPORTS * report_s(view, device)), LONGEST_S)


def report_s(view: View, device: Device) -> int:
    """The device's report period: by the newest `interval` that it applied, else as added."""
    for command in view.commands(device.dev_eui, LOOK_BACK):
        if command.name != "interval" or command.state != "applied":
            continue
        applied = command.applied or {}
        period_s = applied.get("report_s") or applied.get("report")  # as 0.1.0 stored it
        if period_s:
            return int(period_s)
    return device.report_s or REPORT_S
