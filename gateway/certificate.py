"""The line by which a node's `save` says that its installation is complete, and its QR code.

    PASS LW:D0:<JoinEUI>:<DevEUI>:<ProfileID>:S<asset>:P<result.profile.H.L.M.V>:C<checksum>

The word before LW is left out in the QR code. H: distance to the empty bottom, L: useful height,
both in mm; M: margin of the link in dB; V: version of the settings.

Source: LoRa Alliance TR005, LoRaWAN Device Identification QR Codes; the checksum is CRC-16 as of
MODBUS over all before its colon. No key is in it.
"""

import re
from typing import Literal

from msgspec import Struct
from wire.words import PROFILES

from gateway.errors import Refused

VENDOR = "FFFF"
"""Of the ProfileID: a VendorID is given by the Alliance, this stands for none."""
_AGAIN = "the technician types `save` on the node and gives the whole line"
_IDENTITY = re.compile(
    r"LW:D0:(?P<join_eui>[0-9A-F]{16}):(?P<dev_eui>[0-9A-F]{16}):(?P<profile_id>[0-9A-F]{8})"
    r"(?P<more>(?::[A-Z][^:]*)*)"
)


class Certificate(Struct, frozen=True):
    """What a certificate says. None: it does not say so. text: of the QR code."""

    text: str
    result: Literal["PASS", "FAIL"]
    join_eui: str
    dev_eui: str
    profile: str
    asset: str
    h0_mm: int | None
    height_mm: int | None
    margin_db: int | None
    config_version: int


def parse(line: str) -> Certificate:
    """Read a certificate as it was typed, scanned or copied. Raises Refused."""
    word, _, rest = line.strip().partition(" ")
    text = (rest if word.upper() in {"PASS", "FAIL"} else line).strip().upper()
    found = _IDENTITY.fullmatch(text)
    if not found:
        raise Refused(f"this is no certificate: {line.strip()[:40]!r}; {_AGAIN}", "certificate")
    _check_sum(text)
    fields = {part[0]: part[1:] for part in found["more"].split(":")[1:]}
    result, _, said = fields.get("P", "").partition(".")
    profile, _, numbers = said.partition(".")
    if result in ("PASS", "FAIL"):
        numbered = {one[:1]: int(one[1:]) for one in numbers.split(".") if one[1:].isdigit()}
        return Certificate(
            text=text,
            result=result,
            join_eui=found["join_eui"].lower(),
            dev_eui=found["dev_eui"].lower(),
            profile=profile.lower(),
            asset=fields.get("S", ""),
            h0_mm=numbered.get("H"),
            height_mm=numbered.get("L"),
            margin_db=numbered.get("M"),
            config_version=numbered.get("V", 0),
        )
    raise Refused(f"this is the label of a device, not its certificate; {_AGAIN}", "certificate")


def _check_sum(text: str) -> None:
    body, _, last = text.rpartition(":")
    if last != f"C{checksum(body.encode()):04X}":
        raise Refused(
            f"the certificate's checksum is wrong, a character is missing or changed; {_AGAIN}",
            "certificate",
        )


def label(join_eui: str, dev_eui: str, profile: str, asset: str = "") -> str:
    """The text of the QR code on a device's label: identity alone."""
    number = PROFILES.index(profile) if profile in PROFILES else 0
    text = f"LW:D0:{join_eui}:{dev_eui}:{VENDOR}{number:04X}"
    text = (text + (f":S{asset}" if asset else "")).upper()
    return f"{text}:C{checksum(text.encode()):04X}"


def checksum(data: bytes) -> int:
    """CRC-16/MODBUS: polynomial 8005 reflected, from FFFF."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
