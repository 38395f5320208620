"""A certificate puts a device into service; before it, no figure counts what the device says."""

import pytest

from gateway import certificate
from gateway.errors import Refused
from gateway.tests.unit.cli_bench import as_json, command_line

EUI = "70b3d57ed0000001"


def line(result="PASS", profile="BIN", asset="B-42", numbers="H1210.L1000.M12.V4", eui=EUI):
    text = f"LW:D0:{'0' * 16}:{eui.upper()}:FFFF0001:S{asset}:P{result}.{profile}.{numbers}"
    return f"{result} {text}:C{certificate.checksum(text.encode()):04X}"


@pytest.fixture
def run(tmp_path):
    config = tmp_path / "lamplighter.toml"
    config.write_text('site = "street"\n[network]\nkind = "virtual"\n')
    run = command_line(config)
    units = tmp_path / "units.csv"
    units.write_text(f"name,profile,dev_eui\nbin 1,bin,{EUI}\nbin 2,bin,\n")
    as_json(run, "device", "import", str(units), "--output", str(tmp_path / "batch"))
    return run


def refused(run, *words):
    code, _, said = run("device", "commission", *words)
    assert code == 1, said
    return said


def simulate(run):
    as_json(run, "device", "simulate", "bin 1", "--count", "1", "--every-s", "0.1")


def flags(run):
    """The flags of the newest reading's values."""
    readings = [
        one for one in as_json(run, "event", "list", "--after", "0")["events"]
        if "reading" in one["type"]
    ]  # fmt: skip
    return [set(value["quality"]) for value in readings[-1]["data"]["values"]]


def geometry(run):
    """The numbers of a certificate with which the newest reading was made."""
    shown = as_json(run, "device", "show", "bin 1")["values"]
    values = {one["property"]: one["value"] for one in shown}
    h0 = round(values["distance"] + values["fillingLevel"] * 1000)
    return f"H{h0}.L1000.M12.V4"


def test_readings_count_from_the_certificate_on_and_h0_is_the_nodes(run):
    simulate(run)
    assert all("commissioning" in one and "ok" not in one for one in flags(run))
    numbers = geometry(run)

    done = as_json(run, "device", "commission", *line(numbers=numbers).split())

    assert (done["name"], done["asset"], done["h0_mm"], done["margin_db"]) == (
        "bin 1", "B-42", int(numbers[1:5].rstrip(".")), 12,
    )  # fmt: skip
    shown = as_json(run, "device", "show", "bin 1")
    assert (shown["in_service"], shown["asset"]) == (True, "B-42")
    simulate(run)
    assert not any("commissioning" in one for one in flags(run))


def test_the_qr_code_without_its_word_is_taken_in_any_case(run):
    simulate(run)
    text = line(numbers=geometry(run)).removeprefix("PASS ")
    assert as_json(run, "device", "commission", text.lower())["asset"] == "B-42"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (line("FAIL"), "this certificate says FAIL: the technician corrects"),
        (line()[:-1] + ("F" if line()[-1] != "F" else "0"), "checksum is wrong"),
        (line().replace("H1210", "H1211"), "checksum is wrong"),
        ("hello", "this is no certificate: 'hello'; the technician types `save`"),
        (line(eui="70b3d57ed0000009"), "there is no device 70b3d57ed0000009"),
        (line(profile="LAMP"), "the node is a lamp, bin 1 is registered as a bin"),
        (certificate.label("0" * 16, EUI, "bin", "B-1"), "this is the label of a device"),
    ],
)
def test_what_is_no_passed_certificate_of_a_registered_device_is_refused(run, words, said):
    assert said in refused(run, words)
    assert as_json(run, "device", "show", "bin 1")["in_service"] is False


def test_a_node_that_has_not_reported_is_waited_for(run):
    assert "the node has not reported yet" in refused(run, line())


def test_another_h0_than_that_of_the_readings_is_refused(run):
    simulate(run)
    said = refused(run, line(numbers="H4000.L1000.M12.V4"))
    assert "of another geometry: the technician types `measure`" in said


def test_one_asset_has_one_device(run):
    simulate(run)
    numbers = geometry(run)
    as_json(run, "device", "commission", line(numbers=numbers))
    as_json(run, "device", "commission", line(numbers=numbers))  # after a repair, again
    other = next(
        one["dev_eui"]
        for one in as_json(run, "device", "list")["devices"]
        if one["name"] == "bin 2"
    )
    said = refused(run, line(eui=other, numbers="V1"))
    assert "B-42 has bin 1 already: the technician corrects the number with `asset`" in said


def test_a_device_that_was_added_by_hand_is_in_service_at_once(run):
    as_json(run, "device", "add", "bin 3", "--profile", "bin")
    assert as_json(run, "device", "show", "bin 3")["in_service"] is True


def test_the_checksum_is_that_of_the_standards_example():
    text = b"LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF:SYYWWNNNNNN:PFOOBAR"
    assert certificate.checksum(text) == 0xAF2C


@pytest.mark.parametrize("text", ["", " ", "PASS", "LW:D0:", "é" * 200, line() + ":X", ":" * 300])
def test_any_text_is_refused_with_a_sentence(text):
    with pytest.raises(Refused, match="the technician types `save`"):
        certificate.parse(text)
