"""One suite over every file of gateway/devices: what that folder's docstring promises."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway import devices, registry
from gateway.devices import Applied, Boot, Fault, Reading, Status, decoder, encode
from gateway.errors import Lost, Refused
from gateway.events import Event
from gateway.ingest import Ingest
from gateway.model import Command, Device
from gateway.networks import virtual
from gateway.notices import Envelope, Uplink
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

START_MS = 1_795_572_000_000
EUI = "00000000000000a1"
NAMES = registry.names(devices)
UPLINKS = [(name, one) for name in NAMES for one in decoder(name).UPLINKS]
DOWNLINKS = [(name, one) for name in NAMES for one in decoder(name).DOWNLINKS]


@pytest.fixture
async def store():
    async with Store() as opened:
        yield opened


def device(name):
    return Device(EUI, name, "", "00", decoder=name)


def uplink(fport, data, fcnt=0):
    own = {"id": f"id-{fcnt}", "at_ms": START_MS + fcnt, "fcnt": fcnt}
    return Uplink(dev_eui=EUI, dev_addr="01", fport=fport, data=data, **own)


def decoded(name, fport, data):
    """What the decoder makes of bytes; None when it refuses them with a sentence."""
    try:
        found = decoder(name).decode(device(name), uplink(fport, data))
    except Lost as error:
        said = str(error)
        found = None
    else:
        said = "decoded"
    assert said.strip()
    assert "\n" not in said
    assert all(isinstance(one, Reading | Boot | Applied | Status) for one in found or ())
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_kind_has_examples_of_what_it_offers(name):
    kind = decoder(name)

    assert kind.UPLINKS
    assert bool(kind.DOWNLINKS) is (kind.encode is not None)


@pytest.mark.parametrize(("name", "example"), UPLINKS)
def test_an_example_of_an_uplink_decodes_to_its_reports(name, example):
    assert decoded(name, example.fport, bytes.fromhex(example.data)) == [*example.reports]


@pytest.mark.parametrize(("name", "example"), DOWNLINKS)
def test_an_example_of_a_downlink_encodes_to_its_bytes(name, example):
    frame = encode(device(name), example.command)

    assert frame == (example.fport, bytes.fromhex(example.data))
    assert 1 <= frame[0] <= 223, "the FPorts of applications: TS001-1.0.4, 4.3.2"


@pytest.mark.parametrize(("name", "example"), UPLINKS)
def test_an_example_cut_or_with_one_byte_changed_decodes_or_is_refused(name, example):
    data = bytes.fromhex(example.data)

    for at in range(len(data)):
        decoded(name, example.fport, data[:at])
        for byte in range(256):
            decoded(name, example.fport, data[:at] + bytes([byte]) + data[at + 1 :])


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=300)
@given(fport=st.integers(1, 255), data=st.binary(max_size=242))
@example(fport=1, data=b"\x00")  # a port without a record, whose size would be 0
def test_any_bytes_decode_or_are_refused_with_a_sentence(name, fport, data):
    decoded(name, fport, data)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None, max_examples=200)
@given(
    asked=st.sampled_from(["dim", "interval", "resend", "reboot", "", "blink"]),
    values=st.dictionaries(st.sampled_from(["level", "report_s", "first", "x"]), st.integers()),
)
def test_any_command_is_encoded_or_refused_with_its_field(name, asked, values):
    command = Command(id="", dev_eui=EUI, name=asked, values=values, token=1)
    try:
        fport, data = encode(device(name), command)
    except Refused as error:
        field, fport, data = error.field, 1, str(error).encode()
    else:
        field = "name"
    assert field == "name" or field.startswith("values")
    assert 1 <= fport <= 223
    assert data


def test_a_property_has_the_same_unit_everywhere():
    units = {}
    for name, shown in UPLINKS:
        for report in shown.reports:
            for value in () if isinstance(report, Applied | Fault) else report.values:
                assert value.property.isidentifier()
                known = units.setdefault(value.property, value.unit)
                assert value.unit == known, f"{name}: {value.property}"
                assert value.quality


def test_an_unknown_kind_is_refused_with_those_there_are():
    with pytest.raises(
        Refused, match=r"there is no decoder 'gone'; expected one of: .*lamplighter"
    ):
        decoder("gone")


def test_a_kind_that_takes_no_commands_says_so(monkeypatch):
    kind = decoder("lamplighter")
    monkeypatch.setattr(kind, "encode", None)

    with pytest.raises(Refused, match="takes no commands"):
        encode(device("lamplighter"), Command(id="", dev_eui=EUI, name="dim", values={}, token=1))


@pytest.mark.parametrize(("name", "example"), UPLINKS)
async def test_an_example_gives_its_events_once_however_often_it_comes(store, name, example):
    network = virtual.Network()
    ingest = Ingest(store, network, CommandSettings(), lambda: START_MS)
    await store.write(lambda tx: tx.add_device(device(name)))
    frame = uplink(example.fport, bytes.fromhex(example.data), 7)
    for one in (frame, frame, replace(frame, id="again")):
        network.give(one)

    async for batch in network.uplinks():
        await ingest.commit(batch)
        break

    entries = await store.read(lambda view: view.events())
    events = [msgspec.json.decode(one.body, type=Event) for one in entries]
    kinds = {Reading: "reading", Boot: "boot", Status: "status"}
    expected = [kinds[type(one)] for one in example.reports if type(one) in kinds]
    assert [one.type.split(".")[1] for one in events] == expected
    readings = [one for one in example.reports if isinstance(one, Reading)]
    assert [one.data["seq"] for one in events if "reading" in one.type] == [
        one.seq for one in readings
    ]
    assert network.acknowledged == [0, 1, 2]
    stated = [one for one in example.reports if not isinstance(one, Applied)]
    latest = await store.read(lambda view: view.latest(EUI))
    newest = {value.property: value.value for one in stated for value in one.values}
    assert {one.property: one.value for one in latest} == newest, "of a batch, the last counts"


@pytest.mark.parametrize("name", NAMES)
async def test_a_frame_of_242_bytes_on_an_unknown_port_is_kept_whole_and_the_next_is_read(
    store, name
):
    """242: the longest frame of EU868, RP002-1.0.4, 2.4.6."""
    network = virtual.Network()
    ingest = Ingest(store, network, CommandSettings(), lambda: START_MS)
    await store.write(lambda tx: tx.add_device(device(name)))
    known = {one.fport for one in decoder(name).UPLINKS}
    unknown = next(one for one in range(223, 0, -1) if one not in known)
    shown = next(one for one in decoder(name).UPLINKS if Reading in map(type, one.reports))
    network.give(uplink(unknown, bytes(range(242)), 7))
    network.give(uplink(shown.fport, bytes.fromhex(shown.data), 8))

    async for batch in network.uplinks():
        await ingest.commit(batch)
        break

    (kept,) = await store.read(lambda view: view.quarantined())
    assert "frame 7: " in kept.reason
    whole = network.parse(Envelope(kept.topic, kept.body, lambda: None))
    assert isinstance(whole, Uplink)
    assert whole.data == bytes(range(242))
    entries = await store.read(lambda view: view.events())
    events = [msgspec.json.decode(one.body, type=Event) for one in entries]
    assert {one.type.split(".")[1] for one in events} >= {"quarantined", "reading"}
    assert network.acknowledged == [0, 1]


@pytest.mark.parametrize(("name", "example"), UPLINKS)
async def test_an_example_that_comes_late_changes_no_newer_value(store, name, example):
    network = virtual.Network()
    ingest = Ingest(store, network, CommandSettings(), lambda: START_MS)
    await store.write(lambda tx: tx.add_device(device(name)))
    data = bytes.fromhex(example.data)
    network.give(uplink(example.fport, data, 9_000))
    async for batch in network.uplinks():
        await ingest.commit(batch)
        break
    newest = await store.read(lambda view: view.latest(EUI))

    network.give(uplink(example.fport, data, 8_990))
    async for batch in network.uplinks():
        await ingest.commit(batch)
        break

    assert await store.read(lambda view: view.latest(EUI)) == newest
    assert network.acknowledged == [0, 1]
