"""A radio that fails in a task of its own is restarted; the board is not."""

import asyncio

from tests import virtual_time
from tests.fake_air import Air
from tests.test_node_app import run, until
from tests.test_node_watchdog import Lit

# isort: split
from wire import codec

ONLY = "cpython"  # where time can be virtual


def dim(token, level):
    return codec.pack("dim", {"token": token, "expires": None, "level": level, "hold": 60})


async def quiet(air):
    """Joined, and nothing waits."""
    await until(lambda: air.node.link and air.node.link.ready and air.node.outbox.empty())
    await asyncio.sleep(5)


def after(fault):
    """The world after `fault(air)` on a lamp that is at rest, ten minutes later."""
    air = Air("lamp", Lit())

    async def story():
        await quiet(air)
        await fault(air)
        await asyncio.sleep(600)
        air.downlink(30, dim(8, 20))
        await asyncio.sleep(30)

    run(air.node, story, virtual_time.run)
    assert air.node.profile.lamp.level == 20, "deaf, or restarted"
    assert air.radio.listening
    return air


def test_an_acknowledgement_that_the_radio_does_not_send_restarts_the_radio():
    async def fault(air):
        sent = len(air.sent)
        air.downlink(None, b"", confirmed=True)
        await asyncio.sleep(2)
        assert len(air.sent) == sent
        air.radio.fails = 1

    air = after(fault)

    assert air.radio.starts == 1


def test_a_receiver_that_fails_while_it_listens_is_restarted_at_once():
    async def fault(air):
        air.radio.fail_while_listening()
        await asyncio.sleep(2)
        assert air.radio.listening

    assert after(fault).radio.starts == 1


def test_a_radio_that_fails_again_and_again_is_restarted_until_it_answers():
    async def fault(air):
        air.radio.fails = 4
        air.radio.fail_while_listening()

    after(fault)
