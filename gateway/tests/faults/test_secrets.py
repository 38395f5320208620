"""The secret of a webhook is changed while events go through: either secret verifies each of them.

Real: the process, the command line beside it, mosquitto, HTTP, SQLite. There is no master key: the
secrets are in the store, which is its owner's alone.
"""

import asyncio
import itertools
import json

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.tests.faults import backends

pytestmark = [pytest.mark.slow, pytest.mark.faults]
EACH = 20


class Backend:
    """Keeps each request as it came: (body, headers)."""

    def __init__(self):
        self.got = []

    async def post(self, request):
        self.got.append((await request.read(), dict(request.headers)))
        return web.Response(status=204)

    def verify(self, secret):
        """Whether a secret verifies each request, in the order of their arrival."""
        return [_verifies(secret, *one) for one in self.got]


def _verifies(secret, body, headers):
    try:
        Webhook(secret).verify(body, headers)
    except WebhookVerificationError:
        return False
    return True


async def test_during_the_overlap_both_secrets_verify_and_then_the_new_one_alone(scene):
    backend = Backend()
    async with backends.listening(backend.post) as url:
        await scene.service.start()
        made = await scene.service.request("POST", "/v1/webhooks", {"url": url})
        hook, secrets, ends = made["id"], [made["secret"]], []
        await scene.listening(scene.devices[0])
        numbers = itertools.count(1)
        for overlap_s in ("600", "0"):
            await scene.uplinks(scene.devices, itertools.islice(numbers, EACH))
            rotated = await scene.service.cli("webhook", "rotate", hook, "--overlap-s", overlap_s)
            secrets.append(rotated["secret"])
            await scene.uplinks(scene.devices, itertools.islice(numbers, EACH))
            await until_signed_by(backend, secrets[-1], scene, hook, numbers)
            ends.append(len(backend.got))
        count = 1 + (next(numbers) - 1) * len(scene.devices)
        totals = await scene.delivered(hook, count)

    first, second, third = (backend.verify(one) for one in secrets)
    began = second.index(True)
    assert 0 < began < ends[0], "it was rotated while events went through"
    assert all(first[: ends[0]]), "the old one verifies all of the overlap"
    assert all(second[began : ends[0]])
    assert any(one and other for one, other in zip(first, second, strict=True))
    assert all(one or other for one, other in zip(second[began:], third[began:], strict=True))
    assert (first[-1], second[-1]) == (False, False), "an overlap of nothing ends the one before"
    assert totals["delivered"] == totals["matched"]
    assert len({json.loads(body)["id"] for body, _ in backend.got}) == totals["matched"]


async def until_signed_by(backend, secret, scene, hook, numbers):
    """Readings until the newest is signed by a secret: the service looks each 0.5 s for it."""
    async with asyncio.timeout(20):
        while not _verifies(secret, *backend.got[-1]):
            number = next(numbers)
            await scene.uplinks(scene.devices, [number])
            await scene.delivered(hook, 1 + number * len(scene.devices))
