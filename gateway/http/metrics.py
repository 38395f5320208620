"""What Prometheus reads: `GET /metrics`, in its text format.

No label names a device: ten thousand of them would be ten thousand series, and what one device
does is in its events. What the store counts is kept as sums there, so a scrape reads a few rows.
Source: Prometheus documentation, "Exposition formats" (text format 0.0.4), "Writing client
libraries" (process metrics), "Metric and label naming".
"""

import os
import resource
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from gateway import logs
from gateway.clock import parse_ms
from gateway.events import EPOCH, heading
from gateway.http.openapi import VERSION
from gateway.model import Counts, Endpoint, Totals
from gateway.store import View
from gateway.usecases import Parts

CONTENT = "text/plain; version=0.0.4; charset=utf-8"
_STATM = Path("/proc/self/statm")
_FILES = Path("/proc/self/fd")
_STARTED_S = time.time()
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Facts(Struct, frozen=True, kw_only=True):
    """All that one scrape shows.

    cursor: of the newest event, which counts them all.  newest: its time, RFC 3339; empty: none.
    answers: {class of HTTP status, as `2xx`: how many}.
    """

    now_s: float
    counts: Counts
    cursor: int
    newest: str
    endpoints: Sequence[tuple[Endpoint, Totals]]
    network_troubles: int
    store_troubles: int
    answers: dict[str, int]


Samples = Iterable[tuple[str, float]]
"""Labels as they are written, with braces, or nothing; and the value."""


class Metric(NamedTuple):
    """One metric. kind: `counter` or `gauge`."""

    name: str
    kind: str
    meaning: str
    read: Callable[[Facts], Samples]


def _each(read: Callable[[Endpoint, Totals], float]) -> Callable[[Facts], Samples]:
    def samples(facts: Facts) -> Samples:
        return [
            (f'{{webhook="{one.id}",kind="{one.kind}"}}', read(one, totals))
            for one, totals in facts.endpoints
        ]

    return samples


def _one(read: Callable[[Facts], float]) -> Callable[[Facts], Samples]:
    return lambda facts: [("", read(facts))]


def _version(_facts: Facts) -> Samples:
    return [(f'{{version="{VERSION}"}}', 1)]


def _answers(facts: Facts) -> Samples:
    return [(f'{{status="{one}"}}', count) for one, count in sorted(facts.answers.items())]


def _quiet_s(facts: Facts) -> Samples:
    if not facts.newest:
        return []
    return [("", max(facts.now_s - parse_ms(facts.newest) / 1000, 0.0))]


METRICS = (
    Metric("lamplighter_build_info", "gauge", "Always 1; the version.",
           _version),
    Metric("lamplighter_events_total", "counter", "Events stored since it was made or restored.",
           _one(lambda facts: facts.cursor % EPOCH)),
    Metric("lamplighter_newest_event_age_seconds", "gauge", "Since the newest event.", _quiet_s),
    Metric("lamplighter_devices", "gauge", "Registered devices.",
           _one(lambda facts: facts.counts.devices)),
    Metric("lamplighter_quarantined_messages", "gauge", "Messages kept that could not be read.",
           _one(lambda facts: facts.counts.quarantined)),
    Metric("lamplighter_open_commands", "gauge", "Commands that have not ended.",
           _one(lambda facts: facts.counts.open_commands)),
    Metric("lamplighter_network_troubles", "gauge", "What is wrong at the network server.",
           _one(lambda facts: facts.network_troubles)),
    Metric("lamplighter_store_troubles", "gauge", "What is wrong with the store.",
           _one(lambda facts: facts.store_troubles)),
    Metric("lamplighter_webhook_matched_total", "counter", "Events that a webhook is to get.",
           _each(lambda _, totals: totals.matched)),
    Metric("lamplighter_webhook_delivered_total", "counter", "Events that it took.",
           _each(lambda _, totals: totals.delivered)),
    Metric("lamplighter_webhook_pending", "gauge", "Events that wait for it.",
           _each(lambda _, totals: totals.pending)),
    Metric("lamplighter_webhook_dead", "gauge", "Dead letters; `webhook replay` sends them again.",
           _each(lambda _, totals: totals.dead)),
    Metric("lamplighter_webhook_disabled", "gauge", "1: nothing is delivered to it.",
           _each(lambda one, _: float(bool(one.disabled_reason)))),
    Metric("lamplighter_http_answers_total", "counter", "Answers of the REST API.",
           _answers),
    Metric("lamplighter_log_lines_left_out_total", "counter", "Log lines above the rate cap.",
           _one(lambda _: logs.left_out())),
    Metric("process_cpu_seconds_total", "counter", "CPU time, user and system.",
           _one(lambda _: time.process_time())),
    Metric("process_resident_memory_bytes", "gauge", "Memory in use.",
           _one(lambda _: resident_bytes())),
    Metric("process_open_fds", "gauge", "Open file descriptors.",
           _one(lambda _: sum(1 for _ in _FILES.iterdir()))),
    Metric("process_start_time_seconds", "gauge", "Start of the process, since 1970.",
           _one(lambda _: _STARTED_S)),
)  # fmt: skip
"""Every metric."""


def resident_bytes() -> int:
    """Memory that the process has; where /proc is not, the most it had. Source: proc(5)."""
    try:
        return int(_STATM.read_text().split()[1]) * _PAGE
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def text(facts: Facts) -> str:
    """All metrics in the text format."""
    lines: list[str] = []
    for metric in METRICS:
        lines += [f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} {metric.kind}"]
        lines += [f"{metric.name}{labels} {value:.15g}" for labels, value in metric.read(facts)]
    return "\n".join(lines) + "\n"


async def facts_of(parts: Parts, answers: dict[str, int]) -> Facts:
    """Read them, on one state of the store. Raises Retry, Broken."""

    def look(view: View) -> tuple[Counts, int, str, list[tuple[Endpoint, Totals]]]:
        newest = view.newest_events(limit=1)
        return (
            view.counts(),
            view.last_cursor(),
            heading(newest[0].body).time if newest else "",
            [(one, view.totals(one.id)) for one in view.endpoints()],
        )

    counts, cursor, newest, endpoints = await parts.store.read(look)
    return Facts(
        now_s=parts.clock() / 1000,
        counts=counts,
        cursor=cursor,
        newest=newest,
        endpoints=endpoints,
        network_troubles=len(parts.network.troubles()),
        store_troubles=len(parts.store.troubles()),
        answers=answers,
    )
