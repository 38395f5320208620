"""Codecs in JavaScript: what a good one gives, what a hostile one cannot do."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.codecs import Codecs
from gateway.codecs.sandbox import Sandbox
from gateway.devices import Applied, Reading
from gateway.errors import Lost, Refused, Unknown
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink
from gateway.tests.unit.hostile_codecs import CODECS

AT_MS = 1_795_572_000_000
DEVICE = Device("a1", "x", "", "00", decoder="js:tank")
SCRIPT = """
var calls = 0;
function decodeUplink(input) {
  if (input.fPort !== 2) return { errors: ["unknown FPort"] };
  calls += 1;
  const data = { level: { mm: input.bytes[0] * 256 + input.bytes[1] }, lid: "open" };
  data.year = input.recvTime.getUTCFullYear();
  data.calls = calls;
  if (input.bytes.length > 2) data.minutes = input.bytes[2];
  return { data: data, warnings: input.bytes[0] > 9 ? ["far"] : [] };
}
const encodeDownlink = (input) => ({ fPort: 3, bytes: [1, input.data.set.minutes] });
"""
MAPPING = {
    "values": {
        "level.mm": {"property": "distance", "unit": "mm"},
        "lid": {"property": "lidOpen", "words": {"open": 1, "shut": 0}},
        "year": {"property": "year"},
        "calls": {"property": "calls"},
    },
    "commands": {
        "interval": {
            "report_s": {
                "sends": "set.minutes", "told": "minutes", "low": 60, "high": 3600, "over": 60,
            }
        }
    },
}  # fmt: skip


def uplink(data="012c", fport=2):
    own = {"dev_eui": "a1", "id": "1", "at_ms": AT_MS, "dev_addr": "01", "fcnt": 1}
    return Uplink(data=bytes.fromhex(data), fport=fport, **own)


@pytest.fixture
def codecs(tmp_path):
    made = Codecs(tmp_path / "codecs")
    yield made
    made.close()


@pytest.fixture
def tank(codecs):
    codecs.put("tank", SCRIPT.encode(), json.dumps(MAPPING).encode())
    return codecs.find("tank")


def values(reports: Any):
    return {one.property: one.value for one in reports[0].values}


def test_a_codec_gives_the_properties_of_its_mapping(tank):
    found = tank.decode(DEVICE, uplink())

    assert found == [
        Reading(
            values=(
                Value("distance", 300, "mm"),
                Value("lidOpen", 1, "1"),
                Value("year", 2026, "1"),
                Value("calls", 1, "1"),
            )
        )
    ]
    assert values(tank.decode(DEVICE, uplink("0a00")))["codecWarning"] == "far"


def test_a_context_lives_until_an_exception(tank):
    tank.decode(DEVICE, uplink())
    assert values(tank.decode(DEVICE, uplink()))["calls"] == 2
    with pytest.raises(Lost, match="the codec tank says: unknown FPort"):
        tank.decode(DEVICE, uplink(fport=9))

    assert values(tank.decode(DEVICE, uplink()))["calls"] == 3, "errors are no exception"
    with pytest.raises(Lost, match="the codec tank: "):
        tank.sandbox.call("decodeUplink", {"bytes": None, "fPort": 2}, AT_MS)
    assert values(tank.decode(DEVICE, uplink()))["calls"] == 1


def test_a_command_is_encoded_and_what_the_device_tells_ends_it(tank):
    command = Command(id="", dev_eui="a1", name="interval", values={"report_s": 600}, token=1)

    assert tank.encode(DEVICE, command) == (3, bytes((1, 10)))
    found = tank.decode(DEVICE, uplink("012c0a"))
    assert found[1] == Applied(name="interval", values={"report_s": 600})


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("dim", {"level": 1}, "there is no command 'dim'; there are interval"),
        ("interval", {}, "give one of report_s"),
        ("interval", {"x": 1}, "no field x"),
        ("interval", {"report_s": 61}, "no multiple of 60"),
        ("interval", {"report_s": 6000}, "no whole number from 60 to 3600"),
    ],
)
def test_a_command_that_does_not_fit_is_refused(tank, name, given, said):
    command = Command(id="", dev_eui="a1", name=name, values=given, token=1)

    with pytest.raises(Refused, match=said):
        tank.encode(DEVICE, command)


def test_a_frame_of_which_nothing_is_mapped_is_lost_with_what_there_was(codecs):
    script = b"function decodeUplink() { return {data: {a: 1, b: 2}}; }"
    codecs.put("odd", script, b'{"values": {"c": {"property": "c"}}}')

    with pytest.raises(Lost, match="none of the codec's fields is in its mapping; it gave a, b"):
        codecs.find("odd").decode(DEVICE, uplink())


def test_a_file_that_changes_is_read_anew(codecs, tank):
    tank.decode(DEVICE, uplink())
    changed = SCRIPT.replace("* 256", "* 512")
    path = codecs.folder / "tank.js"

    path.write_text(changed)
    os.utime(path, ns=(1, 1))

    assert values(codecs.find("tank").decode(DEVICE, uplink()))["distance"] == 556


@pytest.mark.parametrize(
    ("name", "script", "mapping", "said"),
    [
        ("../x", b"", b"{}", "a codec's name is of a-z"),
        ("x", b"\xff", b'{"values": {}}', "the codec is not UTF-8"),
        ("x", b"a" * (257 << 10), b'{"values": {}}', "at most 262144"),
        ("x", b"a", b'{"values": {"a": {}}}', "the mapping of the codec x: .*property"),
        ("x", b"a", b"{", "the mapping of the codec x: "),
        ("x", b"a", b'{"values": {}, "more": 1}', "unknown field `more`"),
    ],
)
def test_what_is_no_codec_is_refused_and_nothing_is_written(codecs, name, script, mapping, said):
    with pytest.raises(Refused, match=said):
        codecs.put(name, script, mapping)
    assert codecs.names() == []


def test_a_codec_that_is_not_there_is_named_with_those_there_are(codecs, tank):
    with pytest.raises(Unknown, match="there is no codec 'gone'; there are tank"):
        codecs.find("gone")
    codecs.remove("tank")
    assert codecs.names() == []


def test_a_process_that_was_ended_from_outside_is_started_again(tank):
    tank.decode(DEVICE, uplink())
    tank.sandbox._process.kill()

    assert values(tank.decode(DEVICE, uplink()))["calls"] == 1


def test_the_process_has_no_environment_and_no_descriptor_but_its_pipes(tank):
    with Path(os.devnull).open() as kept:
        os.set_inheritable(kept.fileno(), True)
        tank.decode(DEVICE, uplink())
    process = Path(f"/proc/{tank.sandbox._process.pid}")

    assert (process / "environ").read_bytes() == b""
    assert {one.name for one in (process / "fd").iterdir()} == {"0", "1", "2"}
    assert (process / "cwd").readlink() == Path("/")
    limits = (process / "limits").read_text()
    assert "Max file size             0 " in limits
    assert "Max open files            3 " in limits


@pytest.mark.parametrize("what", CODECS)
def test_a_hostile_codec_ends_in_a_sentence_and_leaves_the_gateway_alive(codecs, tank, what):
    script, said = CODECS[what]
    sandbox = Sandbox("evil", script)
    mapping = b'{"values": {"a": {"property": "a"}, "data": {"property": "b"}}}'
    codecs.put("evil", script.encode(errors="surrogatepass"), mapping)
    evil = codecs.find("evil")
    assert sandbox.script == script

    with pytest.raises(Lost, match=said) as lost:
        evil.decode(DEVICE, uplink())

    assert "\n" not in str(lost.value)
    assert values(tank.decode(DEVICE, uplink()))["distance"] == 300
    evil.sandbox.close()
