"""One event as an e-mail."""

import datetime as dt
import re
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

import msgspec

from gateway.model import Delivery

TEXT = """\
{said}

{facts}

The event is attached as it is. It was sent because a webhook of the kind `email` lets it through:
`lamplighter webhook list` shows which one.
"""


def made(event: Delivery, sender: str, to: str, now_ms: int) -> bytes:
    """A message, the same at each attempt but for its date.

    Its Message-ID is the event's, so that a mail program shows it once. Raises nothing: whatever
    the event says is on one line of a header.
    """
    body: dict[str, Any] = msgspec.json.decode(event.body)
    data: dict[str, Any] = body.get("data", {})
    kind = event.type.removeprefix("lamplighter.").removesuffix(".v1")
    about = data.get("device") or data.get("target") or event.subject
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = _line(f"{body.get('source', 'lamplighter')}: {kind} {about}")
    message["Date"] = format_datetime(dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC))
    message["Message-ID"] = f"<{re.sub(r'[^0-9A-Za-z_]', '', event.event_id)}@lamplighter.invalid>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation reply to it
    facts = [f"{name}: {_line(_shown(one))}" for name, one in data.items() if name != "reason"]
    said = _line(str(data.get("reason", "")))[0:2000] or f"An event of the kind {kind}."
    message.set_content(TEXT.format(said=said, facts="\n".join(facts)))
    message.add_attachment(
        event.body, maintype="application", subtype="cloudevents+json", filename="event.json"
    )
    return message.as_bytes()


def _shown(one: Any) -> str:
    return one if isinstance(one, str) else msgspec.json.encode(one).decode()


def _line(text: str) -> str:
    """Without line breaks and other characters that steer."""
    return "".join(one if one.isprintable() else " " for one in text)[:2000]
