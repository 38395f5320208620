"""What every kind of sink must do; a new file in gateway/sinks is run through all of it."""

import asyncio
import importlib
import importlib.util

import pytest
from msgspec import Struct
from msgspec.structs import replace

from gateway import sinks
from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Sinks, Surroundings, make, module

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ODD = (
    "", " ", ".", "..", "/", "../up", "a/../../up", "/etc/passwd", "file:///etc/passwd", "a\x00b",
    "\n", "x" * 5000, "\ud800", "http://", "http://u:p@x/", "javascript:alert(1)", "C:\\a", "~/a",
    "\u202e.jsonl", "http://x/\r\nHost: y", "%2e%2e/x",
)  # fmt: skip


def surroundings(folder):
    return Surroundings(
        clock=lambda: 1_700_000_000_000, timeout_s=5.0, allow_private=True, folder=folder
    )


@pytest.fixture(params=sinks.kinds())
async def kind(request):
    return request.param


def receiving(kind, folder):
    """A receiver of the kind: its own, or one with a program from outside."""
    inside = f"gateway.tests.contract.receivers.{kind}"
    found = importlib.util.find_spec(inside)
    return (importlib.import_module(inside) if found else module(kind)).receiver(folder)


@pytest.fixture
async def scene(kind, tmp_path):
    """An open sink of the kind, and its receiver."""
    async with receiving(kind, tmp_path) as receiver:
        settings = receiver.settings or module(kind).Settings()
        async with module(kind).Sink(settings, surroundings(tmp_path)) as sink:
            yield sink, receiver


def endpoint(kind, target):
    return Endpoint(id="wh_1", kind=kind, url=target, secret=SECRET)


def event(number, device="a"):
    body = f'{{"id":"evt_{number}","data":{{"device":"\u00fc\\n"}}}}'.encode()
    return Delivery(
        endpoint_id="wh_1", cursor=number, event_id=f"evt_{number}", type="t", subject=device,
        body=body,
    )  # fmt: skip


def test_a_kind_has_all_that_its_place_asks_for(kind, tmp_path):
    own = module(kind)
    sink = own.Sink(own.Settings(), surroundings(tmp_path))

    assert issubclass(own.Settings, Struct)
    assert own.Settings.__doc__
    assert own.REFUSED
    assert sink.target
    assert isinstance(sink.signed, bool)
    assert isinstance(sink.batched, bool)


async def test_events_arrive_as_they_are_and_in_order(kind, scene):
    sink, receiver = scene
    to = endpoint(kind, receiver.target)
    sink.check(receiver.target)

    await sink.deliver(to, [event(1)])
    await sink.deliver(to, [event(2), event(3), event(4)])

    assert receiver.taken() == [event(n).body for n in range(1, 5)]


async def test_a_batch_arrives_as_one_and_the_same_each_time(kind, scene):
    sink, receiver = scene
    to = replace(endpoint(kind, receiver.target), batch=10)
    batch = [event(1), event(2, "b"), event(3, "c")]

    if not sink.batched:
        return
    await sink.deliver(to, batch)
    await sink.deliver(to, batch)
    await sink.deliver(to, batch[:1])

    first, again, single = receiver.taken()
    assert first == again == b"[%b]" % b",".join(one.body for one in batch)
    assert single == b"[%b]" % batch[0].body


async def test_many_at_once_all_arrive(kind, scene):
    sink, receiver = scene
    to = endpoint(kind, receiver.target)

    await asyncio.gather(*(sink.deliver(to, [event(n)]) for n in range(50)))

    assert sorted(receiver.taken()) == sorted(event(n).body for n in range(50))


async def test_what_cannot_be_taken_now_is_tried_again_and_delays_no_other(kind, scene):
    sink, receiver = scene
    sink.check(receiver.failing)

    with pytest.raises(Retry) as caught:
        await sink.deliver(endpoint(kind, receiver.failing), [event(1)])

    assert str(caught.value).strip()
    await sink.deliver(endpoint(kind, receiver.target), [event(2)])
    assert receiver.taken() == [event(2).body]


async def test_a_target_that_is_none_is_refused_with_a_sentence(kind, scene):
    sink, _ = scene
    for target in module(kind).REFUSED:
        with pytest.raises(Refused) as caught:
            sink.check(target)
        assert len(str(caught.value)) > 20


async def test_an_odd_target_is_refused_or_fails_and_reaches_nothing(kind, scene, tmp_path):
    sink, receiver = scene
    inside = sorted(tmp_path.rglob("*"))
    for target in ODD:
        try:
            sink.check(target)
        except Refused:
            with pytest.raises(Refused):
                await sink.deliver(endpoint(kind, target), [event(1)])

    assert receiver.taken() == []
    assert sorted(tmp_path.rglob("*")) == inside


async def test_a_cancelled_attempt_harms_no_later_one(kind, scene):
    sink, receiver = scene
    to = endpoint(kind, receiver.target)
    for _ in range(3):
        task = asyncio.create_task(sink.deliver(to, [event(1)]))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    await sink.deliver(to, [event(2)])

    assert receiver.taken()[-1] == event(2).body
    assert set(receiver.taken()) <= {event(1).body, event(2).body}


async def test_an_endpoint_is_served_by_its_kind(kind, tmp_path):
    async with receiving(kind, tmp_path) as receiver:
        own = {kind: receiver.settings} if receiver.settings else {}
        async with make(own, surroundings(tmp_path)) as every:
            await every.deliver(endpoint(kind, receiver.target), [event(1)])
            assert every.of(kind).target
        assert receiver.taken() == [event(1).body]


async def test_an_endpoint_of_a_kind_that_is_not_here_waits():
    async with Sinks({}) as none:
        with pytest.raises(Retry, match="no kind of sink 'carrier_pigeon'"):
            await none.deliver(endpoint("carrier_pigeon", "x"), [event(1)])
        with pytest.raises(Refused, match="expected one of"):
            none.of("carrier_pigeon")


def test_a_stored_endpoint_without_a_kind_is_a_webhook():
    stored = replace(endpoint("x", "http://x/"), kind="webhook")

    assert stored == Endpoint(id="wh_1", url="http://x/", secret=SECRET)
