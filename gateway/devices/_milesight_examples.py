"""Frames of the commands that Milesight's products share, made after the source of `_milesight`.

Their FPort and bytes stand here as figures: they are what the code is checked against.
"""

from collections.abc import Mapping

from gateway.devices import Applied, DownlinkExample, UplinkExample
from gateway.model import Command

REBOOTED = UplinkExample(85, "ff10ff", (Applied(name="reboot", values={}),))


def downlinks(interval: Mapping[str, int], data: str) -> tuple[DownlinkExample, ...]:
    """Both commands. interval: values of it.  data: its frame."""
    return (_downlink("interval", interval, data), _downlink("reboot", {}, "ff10ff"))


def _downlink(name: str, values: Mapping[str, int], data: str) -> DownlinkExample:
    command = Command(id="", dev_eui="", name=name, values=dict(values), token=1)
    return DownlinkExample(command, 85, data)
