"""What the backend says of the requests it took: verified, complete, in order, how late."""

import json
from collections import defaultdict
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tools.bench.load import uplinks

Taken = tuple[float, bytes]
"""(monotonic time of its last byte, s; the request)."""
BATCH = "application/cloudevents-batch+json"


def judge(taken: list[Taken], asked: dict[str, Any]) -> dict[str, Any]:
    """Count what came and compare it with what was sent.

    asked: {"secrets": {path: secret}, "devices", "first", "count", "rate", "began"}, as the
    generator had them; rate 0: all were due at once.
    Returns {"events": different ones a path, all together, "repeated", "unordered", "refused":
    reasons, "requests", "last": time of the last arrival, "late_ms": of each, sorted}.
    """
    hooks = {path: Webhook(secret) for path, secret in asked["secrets"].items()}
    seen: set[tuple[str, str]] = set()
    newest: dict[tuple[str, str], int] = defaultdict(int)
    refused: list[str] = []
    late_ms: list[float] = []
    repeated = unordered = 0
    for at, request in taken:
        path, headers, body = _parts(request)
        try:
            hooks[path].verify(body, headers)
        except (WebhookVerificationError, ValueError, KeyError) as error:
            refused.append(f"{type(error).__name__}: {error}")
            continue
        for event in _events(headers, body):
            if (path, event["id"]) in seen:
                repeated += 1
                continue
            seen.add((path, event["id"]))
            of = (path, event["subject"])
            unordered += int(event["sequence"]) <= newest[of]
            newest[of] = int(event["sequence"])
            late_ms += _late_ms(event["data"], at, asked)
    return {
        "events": len(seen),
        "repeated": repeated,
        "unordered": unordered,
        "refused": refused[:5],
        "requests": len(taken),
        "last": taken[-1][0] if taken else 0.0,
        "late_ms": sorted(late_ms),
    }


def _parts(request: bytes) -> tuple[str, dict[str, str], str]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":")[::2] for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    return first.split(" ")[1], headers, body.decode()


def _events(headers: dict[str, str], body: str) -> list[dict[str, Any]]:
    found = json.loads(body)
    return found if headers.get("content-type", "").startswith(BATCH) else [found]


def _late_ms(data: dict[str, Any], at: float, asked: dict[str, Any]) -> list[float]:
    """Ms between the time when an uplink was due and its arrival; none for another event."""
    if data.get("seq") is None:
        return []
    number = data["seq"] - asked["first"]
    index = number * asked["devices"] + uplinks.index_of(data["dev_eui"])
    due = asked["began"] + (index / asked["rate"] if asked["rate"] else 0)
    return [(at - due) * 1000]
