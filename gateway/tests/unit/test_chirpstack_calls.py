"""What each answer of the API, and no answer, means for a command. A stand-in server answers."""

import asyncio

import grpc
import pytest
from chirpstack_api import api

from gateway.errors import Refused, Retry, Unsure
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.settings import Settings
from gateway.notices import Downlink

DOWNLINK = Downlink(dev_eui="a1", fport=30, data=b"x", confirmed=True, expires_at_ms=1500)


class Answers(api.DeviceServiceServicer):
    """Answers each call with what it is told."""

    code, details, wait_s = grpc.StatusCode.OK, "", 0.0

    async def Enqueue(self, request, context):  # noqa: N802 - gRPC names it
        self.request, self.metadata = request, dict(context.invocation_metadata())
        await asyncio.sleep(self.wait_s)
        if self.code is not grpc.StatusCode.OK:
            await context.abort(self.code, self.details)
        return api.EnqueueDeviceQueueItemResponse(id="item-1")


@pytest.fixture
async def side():
    server, answers = grpc.aio.server(), Answers()
    api.add_DeviceServiceServicer_to_server(answers, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    settings = Settings(grpc=f"http://127.0.0.1:{port}", api_key="key", timeout_s=0.4)
    async with Calls(settings) as calls:
        yield calls, answers
    await server.stop(None)


async def test_a_frame_is_given_with_its_expiry_and_the_key(side):
    calls, answers = side

    receipt = await calls.enqueue(DOWNLINK)

    item = answers.request.queue_item
    assert receipt.queue_item_id == "item-1"
    assert (item.dev_eui, item.f_port, item.data, item.confirmed) == ("a1", 30, b"x", True)
    assert item.expires_at.ToMilliseconds() == 1500
    assert answers.metadata["authorization"] == "Bearer key"


@pytest.mark.parametrize(
    ("code", "details", "error"),
    [
        ("INTERNAL", "FOREIGN KEY constraint failed", Refused),
        ("INTERNAL", "Invalid string length", Refused),
        ("INTERNAL", "the database is away", Unsure),
        ("INVALID_ARGUMENT", "Validation error: FPort must be between 1 - 255", Refused),
        ("NOT_FOUND", "Object does not exist", Refused),
        ("UNIMPLEMENTED", "", Retry),
        ("UNAUTHENTICATED", "", Retry),
        ("UNAVAILABLE", "", Unsure),
        ("UNKNOWN", "", Unsure),
        ("RESOURCE_EXHAUSTED", "", Unsure),
    ],
)
async def test_an_error_says_who_acts_next(side, code, details, error):
    calls, answers = side
    answers.code, answers.details = grpc.StatusCode[code], details

    with pytest.raises(error) as raised:
        await calls.enqueue(DOWNLINK)

    assert type(raised.value).__mro__[0] in {error, *error.__subclasses__()}
    assert isinstance(raised.value, Unsure) == (error is Unsure)
    assert f"the network server says {code}" in str(raised.value)


async def test_no_answer_in_time_may_have_worked(side):
    calls, answers = side
    answers.wait_s = 5

    with pytest.raises(Unsure, match="DEADLINE_EXCEEDED"):
        await calls.enqueue(DOWNLINK)


async def test_no_server_has_surely_not_taken_it():
    async with Calls(Settings(grpc="http://127.0.0.1:1", timeout_s=0.3)) as calls:
        with pytest.raises(Retry, match="does not answer") as raised:
            await calls.enqueue(DOWNLINK)

    assert not isinstance(raised.value, Unsure)
