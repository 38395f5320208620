"""Several events in one request of the sink `webhook`."""

import json

import pytest
from aiohttp import web
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from gateway.errors import Refused, Retry
from gateway.events import JoinedData
from gateway.sinks import Divisible, Gone
from gateway.store.sql.event import new_event
from gateway.tests.contract.test_webhook import NOW_MS, SECRET, delivery, endpoint, server
from gateway.tests.contract.test_webhook import open_sink as _open_sink


def events(count):
    """Events of as many devices."""
    made = []
    for number in range(count):
        data = JoinedData(dev_eui=f"{number:016x}", device="\u00fc", dev_addr="01")
        event, body = new_event("lamplighter/x", "joined", data.dev_eui, 1, sequence=1, data=data)
        made.append(
            replace(delivery(), event_id=event.id, subject=event.subject, body=body, cursor=number)
        )
    return made


class Backend:
    """Answers with a status, keeps what came."""

    def __init__(self, status):
        self.status = status
        self.got = []

    async def take(self, request):
        self.got.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.status, text="no")


async def sent(backend, *batches, now_ms=NOW_MS):
    """Send batches, the clock a second on each time; raises what the first failure was."""

    def clock():
        return now_ms + len(backend.got) * 1000

    async with server(backend.take) as url, _open_sink(clock, 5.0, allow_private=True) as sink:
        for batch in batches:
            await sink.deliver(replace(endpoint(url), batch=100), batch)


async def test_a_batch_is_a_signed_array_of_cloud_events():
    backend = Backend(204)
    batch = events(3)

    await sent(backend, batch)

    [(body, headers)] = backend.got
    Webhook(SECRET).verify(body, headers)
    assert headers["Content-Type"] == "application/cloudevents-batch+json"
    found = [
        from_http_event(
            HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(one).encode())
        )
        for one in json.loads(body)
    ]
    assert [one.get_id() for one in found] == [one.event_id for one in batch]


async def test_the_same_events_are_the_same_bytes_and_id_signed_anew():
    backend = Backend(204)
    batch = events(3)

    await sent(backend, batch, batch, batch[:2], batch[1:])

    (body, first), (again, second), *others = backend.got
    assert body == again
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) == int(first["webhook-timestamp"]) + 1
    assert first["webhook-signature"] != second["webhook-signature"]
    assert len({headers["webhook-id"] for _, headers in backend.got}) == 3
    assert len(others) == 2


@pytest.mark.parametrize(
    ("status", "count", "raised"),
    [
        (413, 2, Divisible), (400, 2, Divisible), (413, 1, Refused), (400, 1, Refused),
        (401, 2, Refused), (404, 2, Refused), (422, 2, Refused), (410, 2, Gone), (429, 2, Retry),
        (500, 2, Retry), (302, 2, Retry), (408, 2, Retry),
    ],
)  # fmt: skip
async def test_what_a_status_means_for_a_batch(status, count, raised):
    with pytest.raises(raised, match=f"answered {status}") as caught:
        await sent(Backend(status), events(count))

    assert type(caught.value) is raised
