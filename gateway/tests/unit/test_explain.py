"""`lamplighter explain` and `webhook attempts`: every fact, why, and who acts next."""

import asyncio
from typing import Any

from msgspec.structs import replace

from gateway import app
from gateway.events import JoinedData, MissingData, QuarantinedData, ReadingData, Value
from gateway.model import Attempt, Command, Device, Endpoint
from gateway.notices import Link
from gateway.settings import load
from gateway.tests.unit.cli_bench import as_json

LAMP, BIN = "70b3d57ed005a001", "70b3d57ed005a002"
AT_MS = 1_800_000_000_000
READING = "lamplighter.reading.v1"


def reading(eui):
    link = Link(fcnt=7, gateway="rg-1", rssi_dbm=-97, dr=3)
    return ReadingData(
        dev_eui=eui, device="x", profile="bin", seq=7, observed_at="2027-01-15T08:00:00Z",
        received_at="2027-01-15T08:00:00Z", values=(Value("fillingLevel", 0.5, "1"),), link=link,
    )  # fmt: skip


def write(config, *changes) -> Any:
    """Carry out changes on the store; what the last gives."""

    async def carry_out():
        made = None
        async with app.open_store(load(config, {})) as store:
            for change in changes:
                made = await store.write(change)
        return made

    return asyncio.run(carry_out())


def devices(tx):
    tx.add_device(Device(LAMP, "Lamp 1", "lamp", "00", "C", 1, tags=("east",)))
    tx.add_device(Device(BIN, "Bin 1", "bin", "00", "A", 1, report_s=3600))


def hook(id_, **fields):
    one = Endpoint(id=id_, url=f"http://backend.example/{id_}", secret="whsec_x", **fields)
    return lambda tx: tx.add_endpoint(one)


def matches(story):
    return {one["webhook"]: one for one in story["matches"]}


def test_an_event_says_how_it_came_and_why_each_webhook_gets_it_or_not(run, config):
    event = write(
        config, devices, hook("all"), hook("wanted", types=(READING,), tags=("east",)),
        hook("types", types=("lamplighter.boot.v1",)), hook("devices", devices=(BIN,)),
        hook("tags", tags=("west",)), hook("properties", properties=("distance",)),
        hook("off", disabled_reason="it answered 410"),
        lambda tx: tx.append("reading", LAMP, AT_MS, reading(LAMP)),
    )  # fmt: skip
    write(config, hook("later", created_at_ms=AT_MS + 1))

    story = as_json(run, "explain", event.id)

    seen = story["reception"]
    assert [seen[name] for name in ("network", "fcnt", "gateway", "at")] == [
        "virtual", 7, "rg-1", "2027-01-15T08:00:00Z"
    ]  # fmt: skip
    assert story["cursor"] == 1
    why = {name: (one["matched"], one["why"]) for name, one in matches(story).items()}
    assert why["all"] == (True, "it gets every event")
    assert why["wanted"] == (True, "its filter by types, tags lets it through")
    said = {
        "types": f"its filter wants the types lamplighter.boot.v1, and this is {READING}",
        "devices": f"its filter wants the devices {BIN}, and this is of {LAMP}",
        "tags": "its filter wants the tags west, and the device has none of them",
        "properties": "its filter wants the properties distance, and it tells none of them",
    }
    assert {name: why[name] for name in said} == {name: (False, one) for name, one in said.items()}
    assert (why["off"][0], "disabled when the event came" in why["off"][1]) == (False, True)
    assert (why["later"][0], "added later" in why["later"][1]) == (False, True)
    text = run("explain", event.id)[1]
    assert "webhook tags does not get it: its filter wants the tags west" in text
    assert "next: `lamplighter serve` sends it" in text


def failed(number, error="the endpoint answered 500", next_at_ms=AT_MS + 60_000, cursor=1):
    return lambda tx: tx.log_attempts(
        [Attempt("h1", cursor, "e", number, AT_MS, 12, error, next_at_ms)]
    )


def delivery(event, **fields):
    def change(tx):
        [one] = tx.deliveries("h1", event_id=event.id)
        tx.put_delivery(replace(one, **fields))

    return change


def test_each_attempt_is_told_and_who_acts_next(run, config):
    event = write(
        config, devices, hook("h1"), lambda tx: tx.append("reading", LAMP, AT_MS, reading(LAMP))
    )
    later = write(config, lambda tx: tx.append("reading", LAMP, AT_MS + 1, reading(LAMP)))
    write(
        config, failed(1), failed(0),
        delivery(event, attempts=1, next_at_ms=2 * AT_MS, note="500; the gateway tries again"),
    )  # fmt: skip

    [one] = as_json(run, "explain", event.id)["matches"]
    assert [(each["number"], each["error"], each["took_ms"]) for each in one["attempts"]] == [
        (1, "the endpoint answered 500", 12), (0, "the endpoint answered 500", 12)
    ]  # fmt: skip
    assert "the gateway tries again at 2084" in one["act"]
    [behind] = as_json(run, "explain", later.id)["matches"]
    assert behind["act"].startswith(f"it waits for the event {event.id} of the same device")
    shown = as_json(run, "webhook", "show", "h1")["stands"]
    assert shown.startswith("not tried before 2084")
    assert "the endpoint answered 500" in shown
    told = as_json(run, "webhook", "attempts", "h1", "--limit", "1")["attempts"]
    assert [each["number"] for each in told] == [0]
    assert run("webhook", "attempts", "h2")[0] == 1

    write(config, delivery(event, state="dead", note="500; replay sends it again"))
    assert (
        "the endpoint's owner mends it" in matches(as_json(run, "explain", event.id))["h1"]["act"]
    )
    write(config, delivery(event, state="delivered", attempts=3, note=""))
    assert matches(as_json(run, "explain", event.id))["h1"]["act"] == "nobody"
    run("webhook", "pause", "h1")
    assert "`lamplighter webhook resume h1`" in as_json(run, "webhook", "show", "h1")["stands"]
    run("webhook", "remove", "h1")
    [gone] = as_json(run, "explain", event.id)["matches"]
    assert (gone["why"], gone["state"]) == ("the webhook was removed since", "delivered")


def test_a_first_attempt_that_succeeded_is_told_from_its_delivery(run, config):
    event = write(
        config, devices, hook("h1"), lambda tx: tx.append("reading", LAMP, AT_MS, reading(LAMP))
    )
    write(config, delivery(event, state="delivered", attempts=1, first_at_ms=AT_MS))

    [one] = as_json(run, "explain", event.id)["matches"]

    assert [(each["number"], each["error"], each["at"]) for each in one["attempts"]] == [
        (1, "", "2027-01-15T08:00:00.000Z")
    ]


def test_a_device_says_what_is_the_matter_with_it(run, config):
    command = Command(
        id="c1", dev_eui=BIN, name="interval", values={"report_s": 60}, token=1, state="queued",
        next_at_ms=2 * AT_MS,
    )  # fmt: skip
    event = write(
        config, devices, hook("h1"),
        lambda tx: tx.append("missing", BIN, 1, MissingData(
            dev_eui=BIN, first_seq=3, last_seq=5, count=3)),
        lambda tx: tx.append("quarantined", BIN, 2, QuarantinedData(
            id=1, dev_eui=BIN, reason="no codec; the operator adds one", size=3)),
        lambda tx: tx.put_command(command),
        lambda tx: tx.put_seen(BIN, b'{"seq":9,"holes":[{"first":4,"last":4,"noticed_ms":0}]}'),
        lambda tx: tx.append("reading", BIN, 1000, reading(BIN)),
    )  # fmt: skip

    story = as_json(run, "explain", "bin 1")

    assert story["heard"]["event_id"] == event.id
    assert story["holes"] == [
        {"at": "1970-01-01T00:00:00.001Z", "first_seq": 3, "last_seq": 5, "open": True}
    ]
    assert [one["reason"] for one in story["unread"]] == ["no codec; the operator adds one"]
    assert [one["id"] for one in story["commands"]] == ["c1"]
    assert [one["webhook"] for one in story["behind"]] == ["h1"]
    acts = "\n".join(story["act"])
    for said in (
        "no codec; the operator adds one", "the device sends again what is missing",
        "the command interval c1 is queued", "webhook h1: `lamplighter serve` sends it",
    ):  # fmt: skip
        assert said in acts
    assert "who acts next\n  " in run("explain", BIN)[1]


def test_a_device_that_was_never_heard_and_one_that_went_silent(run, config):
    write(config, devices)
    [never] = as_json(run, "explain", "lamp 1")["act"]
    assert never.startswith("it was never heard: a technician checks")

    old = replace(reading(BIN), received_at="2020-01-01T00:00:00Z")
    write(config, lambda tx: tx.append("reading", BIN, AT_MS, old))
    [silent] = as_json(run, "explain", "bin 1")["act"]
    assert silent.startswith(
        "nothing came since 2020-01-01T00:00:00Z, and it reports every 3600 s"
    )


def test_what_is_not_there_is_told(run):
    assert "`lamplighter event list` shows them" in run("explain", "0" * 32)[2]
    assert "`lamplighter device list` shows them" in run("explain", "nothing")[2]


def test_an_event_without_a_frame_says_so(run, config):
    data = JoinedData(dev_eui=LAMP, device="x", dev_addr="1")
    made = write(config, devices, lambda tx: tx.append("joined", LAMP, 1, data))

    assert as_json(run, "explain", made.id)["reception"] is None
    assert "there are no webhooks" in run("explain", made.id)[1]
