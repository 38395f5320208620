"""Ten thousand devices that nobody added cost next to nothing, and are told of a few times."""

import json
import time
from functools import partial

import pytest
from chirpstack_api.integration import UplinkEvent
from google.protobuf.json_format import ParseDict

from gateway.networks import chirpstack, http, tts_mqtt
from gateway.notices import Envelope
from gateway.store.sql.changes import QUARANTINED_MOST
from gateway.tests.contract.servers import chirpstack as chirpstack_side
from gateway.tests.contract.servers import http as http_side
from gateway.tests.contract.servers import tts_webhook as tts_side
from gateway.tests.unit.test_ingest import BIN, Bench, reading

STRANGERS = 10_000
SOME = 2_000
HOUR_MS = 3_600_000
GROUP = 500


async def taken(bench, frames):
    """Processor time of taking frames, s."""
    began = time.process_time()
    for at in range(0, len(frames), GROUP):
        await bench.take(*frames[at : at + GROUP])
    return time.process_time() - began


async def test_ten_thousand_strangers_are_told_of_in_few_events_and_leave_no_state():
    async with Bench() as bench:
        await bench.store.write(lambda tx: tx.add_device(BIN))
        frames = [
            bench.raw(10, b"\x00" * 12, dev_eui=f"{number:016x}", id=f"s-{number}")
            for number in range(1 << 40, (1 << 40) + STRANGERS)
        ]
        known = [bench.uplink("bin", reading(number)) for number in range(1000)]
        for_strangers = await taken(bench, frames) / STRANGERS
        for_known = await taken(bench, known) / len(known)

        told = await bench.events("quarantined")
        assert len(told) == 5, "the first ones; the rest wait for the event of the hour"
        assert len(await bench.events("reading")) == 1000
        assert for_strangers < 3 * for_known

        bench.now_ms += HOUR_MS
        await bench.ingest.settle_once()
        told = await bench.events("quarantined")
        assert [one.data["count"] for one in told] == [1] * 5 + [STRANGERS - 5]
        seen = await bench.store.read(
            lambda view: [view.seen(one.dev_eui) for one in frames[:: STRANGERS // 100]]
        )
        assert not any(seen), "nothing is kept of each"
        kept = await bench.store.read(lambda view: view.quarantined(limit=2 * STRANGERS))
        assert len(kept) <= QUARANTINED_MOST + 100


async def test_devices_of_another_application_leave_nothing_at_all():
    async with Bench() as bench:
        frames = [
            bench.raw(10, b"\x00", dev_eui=f"{number:016x}", foreign=True)
            for number in range(1000)
        ]

        await taken(bench, frames)

        assert bench.ingest.passed == len(frames)
        assert await bench.events() == []
        assert await bench.store.read(lambda view: view.quarantined()) == []


def chirpstack_body(dev_eui):
    info = chirpstack_side.UP["json"]["deviceInfo"] | {"devEui": dev_eui}
    own = {"deviceInfo": info | {"applicationName": "lamplighter"}, "deduplicationId": dev_eui}
    return chirpstack_side.UP["json"] | own


def protobuf_body(dev_eui):
    return ParseDict(chirpstack_body(dev_eui), UplinkEvent()).SerializeToString()


def tts_body(dev_eui):
    return tts_side.UP | {"end_device_ids": tts_side.UP["end_device_ids"] | {"dev_eui": dev_eui}}


CHIRPSTACK = chirpstack.Network(chirpstack.Settings())
FORMS = {
    "chirpstack": (CHIRPSTACK, chirpstack_body),
    "chirpstack, protobuf": (CHIRPSTACK, protobuf_body),
    "the things stack": (
        tts_mqtt.Network(tts_mqtt.Settings(url="http://x", application="app1")),
        tts_body,
    ),
    "http": (http.Network(http.Settings()), lambda dev_eui: http_side.UP | {"dev_eui": dev_eui}),
}


@pytest.mark.parametrize("form", FORMS)
async def test_strangers_of_every_network_are_told_of_in_few_events(form):
    network, body = FORMS[form]
    acknowledged = []
    async with Bench() as bench:
        bench.ingest.network = network
        for at in range(0, SOME, GROUP):
            batch = []
            for number in range(at, at + GROUP):
                dev_eui = f"{(1 << 40) + number:016x}"
                made = body(dev_eui)
                data = made if isinstance(made, bytes) else json.dumps(made).encode()
                topic = f"application/a/device/{dev_eui}/event/up"
                batch.append(Envelope(topic, data, partial(acknowledged.append, number)))
            await bench.ingest.commit(batch)

        told = await bench.events()
        assert [one.type for one in told] == ["lamplighter.quarantined.v1"] * 5
        assert "add it with `lamplighter device add`" in told[0].data["reason"]
        assert acknowledged == [*range(SOME)]
        bench.now_ms += HOUR_MS
        await bench.ingest.settle_once()
        assert [one.data["count"] for one in await bench.events()] == [1] * 5 + [SOME - 5]
