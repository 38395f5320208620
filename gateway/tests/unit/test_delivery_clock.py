"""A retry is made in its time also when the wall clock is set back meanwhile."""

import asyncio

from gateway.errors import Retry
from gateway.tests.unit.outbox_bench import (
    BIN,
    LAMP,
    ScriptedSink,
    append,
    asked,
    delivering,
    noted,
    settled,
    until,
)


async def test_a_clock_that_is_set_back_an_hour_delays_no_retry():
    sink = ScriptedSink(Retry("503"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        await until(lambda: noted(store, endpoint, attempts=1))
        clock.pass_s(-3600)
        await asyncio.sleep(0.05)
        early = len(sink.attempts)
        clock.pass_s(6)  # the first retry is due after 5 s

        await settled(store, endpoint, delivered=1)

    assert early == 1


async def test_nor_does_it_delay_what_waits_when_the_endpoint_takes_events_again():
    sink = ScriptedSink(Retry("503"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        await until(lambda: noted(store, endpoint, attempts=1))
        clock.pass_s(-3600)
        await asyncio.sleep(0.05)
        clock.pass_s(2)
        await append(store, BIN)

        await settled(store, endpoint, delivered=2)
        await until(lambda: asked(sink, 3))


async def test_nor_a_retry_whose_failure_was_not_yet_recorded_by_then():
    sink = ScriptedSink(Retry("503"))
    async with delivering(sink, patience_s=0.2) as (store, clock, [endpoint]):
        await append(store, LAMP)
        await until(lambda: asked(sink, 1))
        clock.pass_s(-3600)
        await until(lambda: noted(store, endpoint, attempts=1))
        clock.pass_s(6)

        await settled(store, endpoint, delivered=1)
