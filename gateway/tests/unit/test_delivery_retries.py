"""The outbox loop: what is tried again, when, and when no more."""

import asyncio

import msgspec
import pytest

from gateway.errors import Refused, Retry, Unknown
from gateway.schedule import REFUSED, Schedule
from gateway.settings import DeliverySettings
from gateway.sinks import Gone
from gateway.store.sqlite import Store
from gateway.tests.unit.outbox_bench import (
    BIN,
    LAMP,
    SCHEDULE,
    ScriptedSink,
    append,
    asked,
    delivering,
    noted,
    settled,
    until,
)
from gateway.webhooks import enable, replay, retry

TRIED_AGAIN = "500; the gateway tries again"


async def test_a_failed_attempt_is_repeated_by_the_schedule_with_the_same_body():
    sink = ScriptedSink(Retry("500"), Retry("500"))
    async with delivering(sink) as (store, clock, [endpoint]):
        (event_id,) = await append(store, LAMP)

        await until(lambda: noted(store, endpoint, attempts=1, note=TRIED_AGAIN))
        clock.pass_s(4.9)
        await asyncio.sleep(0.02)
        assert len(sink.attempts) == 1
        clock.pass_s(0.2)
        await until(lambda: noted(store, endpoint, attempts=2))
        clock.pass_s(300)
        await settled(store, endpoint, delivered=1)

    assert sink.ids() == [event_id] * 3
    assert len({body for *_, body in sink.attempts}) == 1


async def test_at_the_end_of_the_schedule_an_event_is_dead_and_the_next_goes():
    sink = ScriptedSink(*[Retry("500")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP, LAMP)
        for attempts, wait_s in ((1, 5), (2, 300)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, dead=1, delivered=1, matched=2)
        [dead] = await store.read(lambda view: view.deliveries(endpoint, state="dead"))

    assert dead.note == f"500; `lamplighter webhook replay {endpoint}` sends it again"


async def test_an_event_the_endpoint_refuses_is_tried_three_times_in_ten_minutes():
    sink = ScriptedSink(*[Refused("400")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        first, second = await append(store, LAMP, LAMP)
        for attempts, wait_s in ((1, 60), (2, 540)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, dead=1, delivered=1)

    assert sink.ids() == [first] * 3 + [second]


async def test_an_earlier_outage_does_not_use_up_the_tries_of_a_refused_event():
    sink = ScriptedSink(Retry("500"), Retry("500"), Refused("400"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        for attempts, wait_s in ((1, 5), (2, 300), (3, 60)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, delivered=1)


async def test_a_gone_endpoint_is_disabled_and_keeps_what_is_pending_until_enabled():
    sink = ScriptedSink(Gone("410"))
    async with delivering(sink) as (store, _, [endpoint]):
        await append(store, LAMP)

        await until(lambda: disabled(store, endpoint))
        await append(store, BIN)
        await asyncio.sleep(0.02)
        assert len(sink.attempts) == 1
        await settled(store, endpoint, pending=1, matched=1)
        await store.write(lambda tx: enable(tx, endpoint))
        await settled(store, endpoint, delivered=1)


async def disabled(store, endpoint):
    found = await store.read(lambda view: view.endpoint(endpoint))
    return found.disabled_reason == f"410; `lamplighter webhook enable {endpoint}` delivers again"


async def test_retry_after_is_a_lower_bound():
    sink = ScriptedSink(Retry("429", after_s=100))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)

        await until(lambda: noted(store, endpoint, next_at_ms=clock.now_ms + 100_000))


async def test_an_endpoint_that_answers_again_gets_what_waits_at_once():
    sink = ScriptedSink(None, *[Retry("500")] * 4)
    async with delivering(sink, parallel=1) as (store, clock, [endpoint]):
        await append(store, BIN)
        await settled(store, endpoint, delivered=1)
        clock.pass_s(61)  # hastened at most once a minute
        await append(store, LAMP, BIN)
        for _ in range(2):
            await until(lambda: waiting(store, endpoint, clock, 2))
            clock.pass_s(5.1)

        await until(lambda: waiting(store, endpoint, clock, 2))
        await append(store, "0000000000000003")

        await settled(store, endpoint, delivered=4)


async def waiting(store, endpoint, clock, count):
    """Whether so many tried events wait for a later time."""
    found = await store.read(lambda view: view.deliveries(endpoint, state="pending"))
    return sum(one.next_at_ms > clock.now_ms for one in found) == count


async def test_dead_letters_can_be_replayed():
    sink = ScriptedSink(*[Refused("400")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        (event_id,) = await append(store, LAMP)
        for attempts, wait_s in ((1, 60), (2, 540)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)
        await settled(store, endpoint, dead=1)

        count = await store.write(lambda tx: replay(tx, endpoint, clock()))

        await settled(store, endpoint, delivered=1, matched=1)
    assert (count, sink.ids()[-1]) == (1, event_id)


def test_the_schedule_waits_with_jitter_and_ends():
    waits = [SCHEDULE.wait_s(n, 0.5) for n in (1, 2, 3)]

    assert waits == [5.0, 300.0, None]
    assert SCHEDULE.wait_s(1, 0.0) == pytest.approx(4.0)
    assert SCHEDULE.wait_s(1, 1.0) == pytest.approx(6.0)
    assert REFUSED.wait_s(3, 0.5) is None
    assert sum(DeliverySettings().schedule_s) == 75 * 3600 + 36 * 60 + 20


def test_a_backend_that_was_restarted_is_tried_again_within_two_minutes():
    schedule = Schedule(DeliverySettings().schedule_s)

    waits = [schedule.wait_s(n, 1.0) or 0 for n in (1, 2, 3)]

    assert waits == sorted(waits)
    assert sum(waits[:2]) < 30
    assert sum(waits) < 120


async def test_what_is_pending_is_tried_at_once_when_somebody_asks():
    sink = ScriptedSink(Retry("500"), Retry("500"), Refused("400"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        for attempts in (1, 2, 3):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            count = await store.write(lambda tx: retry(tx, endpoint, clock()))
            assert count == 1

        await settled(store, endpoint, delivered=1)

    assert len(sink.attempts) == 4


async def test_replaying_and_enabling_an_unknown_webhook_says_so():
    async with Store(source="lamplighter/test") as store:
        for change in (lambda tx: replay(tx, "wh_x", 0), lambda tx: enable(tx, "wh_x")):
            with pytest.raises(Unknown, match="there is no webhook wh_x"):
                await store.write(change)


async def attempts(store, endpoint):
    """The logged attempts, oldest first: (number, error, in how many seconds the next was due)."""
    found = await store.read(lambda view: view.attempts(endpoint))
    return [
        (one.number, one.error, one.next_at_ms and (one.next_at_ms - one.at_ms) // 1000)
        for one in reversed(found)
    ]


async def test_each_failed_attempt_is_logged_and_the_success_that_follows():
    sink = ScriptedSink(None, Retry("500"), Refused("400"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        await settled(store, endpoint, delivered=1)
        (event_id,) = await append(store, LAMP)
        for count, wait_s in ((2, 5), (3, 60)):
            await until(lambda n=count: asked(sink, n))
            await settled(store, endpoint, delivered=1, pending=1)
            await until(lambda n=count: logged(store, endpoint, n - 1))
            clock.pass_s(wait_s)
        await settled(store, endpoint, delivered=2)
        await until(lambda: logged(store, endpoint, 3))

        assert await attempts(store, endpoint) == [(1, "500", 5), (2, "400", 60), (3, "", 0)]
        found = await store.read(lambda view: view.attempts(endpoint))
        assert {one.event_id for one in found} == {event_id}


async def logged(store, endpoint, count):
    return len(await store.read(lambda view: view.attempts(endpoint))) == count


async def test_an_attempt_outside_of_the_schedule_is_logged_without_a_number():
    sink = ScriptedSink(Retry("500"), None, Retry("again"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        await until(lambda: logged(store, endpoint, 1))
        clock.pass_s(2)
        await append(store, BIN)
        await until(lambda: logged(store, endpoint, 2))

        assert [one[:2] for one in await attempts(store, endpoint)] == [(1, "500"), (0, "again")]


async def test_the_attempt_that_disables_an_endpoint_is_logged():
    async with delivering(ScriptedSink(Gone("410"))) as (store, _, [endpoint]):
        await append(store, LAMP)
        await until(lambda: logged(store, endpoint, 1))

        assert await attempts(store, endpoint) == [(1, "410", 0)]


async def test_that_an_endpoint_is_disabled_is_told_once_and_to_the_others():
    """Of many devices whose attempts get 410 at the same time there is one event."""
    sink = ScriptedSink()
    async with delivering(sink, endpoints=2) as (store, _, [gone, other]):
        deliver = sink.deliver

        async def answer(endpoint, events):
            await deliver(endpoint, events)
            if endpoint.id == gone:
                await asyncio.sleep(0.01)
                raise Gone("the endpoint answered 410")

        sink.deliver = answer
        await append(store, *(f"d{n}" for n in range(8)))
        await settled(store, other, delivered=9)

        [told] = await store.read(lambda view: view.events(kind="disabled"))
        data = msgspec.json.decode(told.body)["data"]
        assert data["webhook"] == gone
        assert data["target"] == "http://0"
        assert data["reason"].startswith("the endpoint answered 410; `lamplighter webhook enable")
        assert await store.read(lambda view: view.totals(gone).pending) == 8
