"""Each trap of the table has its test, and those that stood nowhere else are here."""

import re
from pathlib import Path

import pytest
from wire.codec import frame, pack
from wire.meaning import EXAMPLES
from wire.schema import PAYLOADS

from gateway.devices import Reading, decoder
from gateway.model import Device
from gateway.notices import Uplink

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
ROW = re.compile(r"^\| [^|]+ \| `(?P<file>[^:`]+)::(?P<test>\w+)` \|$")
LINES = (FOLDER / "README.md").read_text().splitlines()
ROWS = [found for line in LINES if (found := ROW.match(line))]


def values(name: str, fport: int, data: bytes, profile: str = "") -> dict[str, object]:
    """{property: value} of the reading that this decoder makes of a frame."""
    device = Device("00000000000000a1", name, profile, "00", decoder=name)
    own = {"dev_eui": device.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}
    (one,) = decoder(name).decode(device, Uplink(fport=fport, data=data, **own))
    assert isinstance(one, Reading)
    return {value.property: value.value for value in one.values}


def ours(profile: str, **changed: int) -> dict[str, object]:
    """The same of one of our own nodes."""
    record = pack(profile, EXAMPLES[profile][0] | changed)
    return values("lamplighter", PAYLOADS[profile][0], frame([record]), profile)


def test_every_row_is_read_and_its_test_is_there() -> None:
    assert len(ROWS) == sum("::test_" in line for line in LINES)
    for row in ROWS:
        text = (ROOT / row["file"]).read_text()
        assert re.search(rf"^(async )?def {row['test']}\(", text, re.MULTILINE), row["test"]


@pytest.mark.parametrize(
    ("name", "fport", "data", "degrees"),
    [
        ("bosch_tps110", 2, "01 ff", -1),
        ("dragino_ldds75", 2, "0b b1 00 c8 00 ff 3f 01", -19.3),
        ("elsys_ers", 5, "01 ff 38", -20.0),
        ("milesight_vs350", 85, "03 67 38 ff", -20.0),
        ("nwave_nps405", 2, "01 80 c4", -20.0),
        ("parametric_pcr2", 14, "01 ff 38", -20.0),
    ],
)
def test_a_temperature_below_zero_is_below_zero(
    name: str, fport: int, data: str, degrees: float
) -> None:
    assert values(name, fport, bytes.fromhex(data))["temperature"] == degrees


def test_a_temperature_of_ours_below_zero_is_below_zero() -> None:
    assert ours("bin", temperature=-40)["temperature"] == -40


def test_a_state_is_in_the_bit_that_its_maker_says() -> None:
    """Of Nwave's two published codecs one has it in bit 7; the maker's own page says bit 0."""
    seen = [values("nwave_nps405", 1, bytes([state])) for state in (0x01, 0x80)]
    assert [one["occupied"] for one in seen] == [1, 0]
    assert [one["previousStateDuration"] for one in seen] == [0, 64]


def test_a_total_that_begins_again_is_a_reading_like_any_other() -> None:
    """PCR2: 16 bits. Beside each total is what the interval counted, which needs no total."""
    found = [
        values("parametric_pcr2", 14, bytes.fromhex("be 01 03 0002 0001" + total + "64 0000 0000"))
        for total in ("ffff 0007", "0001 0008")
    ]
    assert [one["inboundCount"] for one in found] == [65535, 1]
    assert [one["inboundIntervalCount"] for one in found] == [2, 2]


def test_a_fill_is_a_ratio_and_says_so() -> None:
    assert ours("bin", fill=100)["fillingLevel"] == 1
    assert ours("bin", fill=1)["fillingLevel"] == 0.01
