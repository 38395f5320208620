"""`save`: is the installation complete? One line says so, for the gateway and as a QR code.

    PASS LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>:S<asset>:P<result.profile.H.L.M.V>:C<checksum>

H is the distance to the empty bottom and L the useful height in mm, M the link's margin in dB, V
the version of the settings; a value that the device has not is left out. No key is in it.

Source: LoRa Alliance TR005, LoRaWAN Device Identification QR Codes: LW, schema D0, fields by their
letter, the checksum last; CRC-16 as of MODBUS over all before its colon, which gives the AF2C of
that document's example. A VendorID is given by the Alliance: without one it is FFFF here.
"""

from micropython import const
from unload import unload
from wire.words import PROFILES

from node.shell import measure

unload("node.shell.measure")
_MARGIN_DB = const(5)  # as the verdict of `margin`: below, rain may cut it off
_FAULTS = ("suspect", "obstructed", "uncalibrated", "low_battery")
"""Fields of a reading that must be 0."""


async def run(node, _words):
    """Everything that is wrong, and the certificate."""
    values = await measure.once(node)
    wrong = [name for name in _FAULTS if values.get(name)]
    wrong += _missing(node)
    result = "FAIL" if wrong else "PASS"
    node.report_soon()
    return [
        ("result", result),
        ("wrong", wrong),
        ("certificate", result + " " + certificate(node, result)),
    ]


def _missing(node):
    wrong = []
    link = node.link
    mac = getattr(link, "mac", None)
    if not link or not link.ready:
        wrong.append("unjoined")
    elif mac and (not mac.link or mac.link[0] < _MARGIN_DB):
        wrong.append("margin")
    asset = (node.config["asset"] or "").upper()
    if not asset or [one for one in asset if not ("A" <= one <= "Z" or "-" <= one <= "9")]:
        wrong.append("asset")
    if [one for one in node.sensors.values() if hasattr(one, "simulates")]:
        wrong.append("simulated")
    return wrong


def certificate(node, result: str) -> str:
    """The text of the QR code."""
    config = node.config
    profile = config["profile"]
    parts = [result, profile]
    if "distance" in node.profile.roles:
        parts += ["H%d" % config["empty_mm"], "L%d" % config["height_mm"]]
    mac = getattr(node.link, "mac", None)
    if mac and mac.link:
        parts.append("M%d" % mac.link[0])
    parts.append("V%d" % config.version)
    text = "LW:D0:%s:%s:FFFF%04X:S%s:P%s" % (
        config["join_eui"], config["dev_eui"], PROFILES.index(profile), config["asset"] or "",
        ".".join(parts),
    )  # fmt: skip
    text = text.upper()
    return "%s:C%04X" % (text, checksum(text.encode()))


def checksum(data: bytes) -> int:
    """CRC-16/MODBUS: polynomial 8005 reflected, from FFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
