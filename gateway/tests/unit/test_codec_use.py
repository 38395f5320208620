"""A product without a decoder, by a codec in JavaScript: from the file to the reading."""

import json

import msgspec
import pytest

from gateway import devices
from gateway.codecs import Codecs
from gateway.events import Event
from gateway.ingest import Ingest
from gateway.model import Device
from gateway.networks import virtual
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.tests.unit.test_codecs import AT_MS, MAPPING, SCRIPT, uplink

CONFIG = 'site = "street"\n[store]\npath = "street.db"\n[network]\nkind = "virtual"\n'


@pytest.fixture
def files(tmp_path):
    (tmp_path / "lamplighter.toml").write_text(CONFIG)
    (tmp_path / "codec.js").write_text(SCRIPT)
    (tmp_path / "tank.json").write_text(json.dumps(MAPPING))
    yield tmp_path
    devices.more.clear()


@pytest.fixture
def run(files):
    return command_line(files / "lamplighter.toml")


def test_a_codec_is_added_tried_used_and_removed(run, files):
    given = ("codec", "add", "tank", str(files / "codec.js"), "--mapping")
    made = as_json(run, *given, str(files / "tank.json"))
    assert made == {"name": "tank", "decoder": "js:tank", "commands": ["interval"]}

    tried = as_json(run, "codec", "try", "tank", "012c", "--fport", "2")["reports"]
    assert tried[0]["kind"] == "reading"
    assert tried[0]["values"][0]["value"] == 300
    code, _, said = run("codec", "try", "tank", "012c", "--fport", "7")
    assert (code, "the codec tank says: unknown FPort" in said) == (1, True)

    device = as_json(run, "device", "add", "tank", "--decoder", "js:tank")
    assert device["decoder"] == "js:tank"
    assert as_json(run, "codec", "list") == {"codecs": [made]}
    assert run("codec", "remove", "tank")[0] == 0
    assert as_json(run, "codec", "list") == {"codecs": []}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("codec", "try", "gone", "00"), "there is no codec 'gone'; there are none"),
        (("codec", "try", "gone", "0x"), "'0x' is not hexadecimal"),
        (("device", "add", "tank", "--decoder", "js:gone"), "there is no codec 'gone'"),
        (("device", "add", "tank", "--decoder", "gone"), "Invalid value for '--decoder'"),
    ],
)
def test_what_is_not_there_is_said(run, arguments, said):
    code, _, err = run(*arguments)

    assert code != 0
    assert said in err


def test_a_mapping_that_is_none_names_its_file_and_what_is_wrong(run, files):
    (files / "tank.json").write_text('{"values": {"a": {"unit": "mm"}}}')

    given = ("codec", "add", "tank", str(files / "codec.js"), "--mapping")
    code, _, err = run(*given, str(files / "tank.json"))

    assert code == 1
    assert "tank.json: Object missing required field `property`" in err


async def test_a_frame_is_a_reading_and_one_that_the_codec_refuses_is_kept_whole(files):
    codecs = Codecs(files / "codecs")
    codecs.put("tank", SCRIPT.encode(), json.dumps(MAPPING).encode())
    devices.more["js"] = codecs.find
    network = virtual.Network()
    async with Store() as store:
        await store.write(lambda tx: tx.add_device(Device("a1", "t", "", "00", decoder="js:tank")))
        ingest = Ingest(store, network, CommandSettings(), lambda: AT_MS)
        network.give(uplink())
        network.give(msgspec.structs.replace(uplink(fport=9), id="2", fcnt=2))

        await ingest.commit(await anext(network.uplinks()))

        entries = await store.read(lambda view: view.events())
        events = [msgspec.json.decode(one.body, type=Event) for one in entries]
        (kept,) = await store.read(lambda view: view.quarantined())
    codecs.close()
    assert [one.type for one in events] == [
        "lamplighter.reading.v1",
        "lamplighter.quarantined.v1",
    ]
    assert events[0].data["values"][0]["value"] == 300
    assert "frame 2: the codec tank says: unknown FPort" in kept.reason
