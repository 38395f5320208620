"""What breaks on a street: the gateway killed, the network server away, a wrong key, no state."""

import asyncio

import pytest

from hil_tests.nodes import of_profile

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.faults,
    pytest.mark.timeout(400),
]


async def measured(node, count):
    """Has the node measure `count` times, a frame at most each 7 s (1 % of the band at SF7)."""
    for _ in range(count):
        await node.console.ask("measure")
        await asyncio.sleep(7)


def sequence_numbers(street, node):
    return [
        event["data"]["seq"]
        for event in street.receiver.events
        if event["type"] == "lamplighter.reading.v1" and event["subject"] == node.dev_eui
    ]


async def test_readings_under_way_while_the_gateway_is_killed_arrive_once(nodes, street):
    node = of_profile(nodes, "counter", "bin", "lamp")
    await node.values(90)
    work = asyncio.create_task(measured(node, 3))
    await asyncio.sleep(4)

    await street.service.kill()
    await work
    known = len(street.receiver.events)
    await street.service.start()
    await street.receiver.event("reading", 60, since=known, dev_eui=node.dev_eui)
    await node.values(90)

    numbers = sequence_numbers(street, node)
    assert sorted(set(numbers)) == list(range(min(numbers), max(numbers) + 1)), "a reading is lost"
    stored = await street.service.request("GET", "/v1/events?after=0&limit=1000")
    readings = [e for e in stored["events"] if e["type"] == "lamplighter.reading.v1"]
    identities = [(event["subject"], event["data"]["seq"]) for event in readings]
    assert len(readings) < 1000, "the page is full: this test needs the next one too"
    assert len(identities) == len(set(identities)), "a reading is twice in the store"


async def test_readings_from_while_the_network_server_was_away_arrive_later(nodes, street, bench):
    if bench.access:
        pytest.skip("needs the bench network server: it can be sent away")
    node = of_profile(nodes, "counter", "bin")
    await node.values(90)
    await street.network.away(True)
    await measured(node, 3)
    await street.network.away(False)

    await node.values(180)
    numbers = await settled(street, node)

    assert numbers == list(range(min(numbers), max(numbers) + 1))


async def settled(street, node, tries=12):
    """The node's sequence numbers at the backend, once no hole is left or the tries are over.

    Each try is one more report: a class A node receives a request to resend only after an uplink.
    """
    numbers: list[int] = []
    for _ in range(tries):
        numbers = sorted(set(sequence_numbers(street, node)))
        if numbers == list(range(min(numbers), max(numbers) + 1)):
            break
        await measured(node, 1)
    return numbers
