"""Messages that could not be read when they came: decode their frames again."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.errors import Lost
from gateway.intake import Context, correct
from gateway.model import Quarantined
from gateway.notices import Envelope, Uplink
from gateway.usecases import Parts

PAGE = 100


class RedecodeRequest(Struct, forbid_unknown_fields=True):
    """Which messages to read again. dev_eui: only of this device; empty: of all."""

    dev_eui: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{16})?$")] = ""


class Redecoded(Struct):
    """What became of the messages. read: now events.  kept: still not to be read.

    reason: why the last of those cannot be read; empty where there is none.
    """

    read: int
    kept: int
    reason: str


async def redecode(parts: Parts, *, body: RedecodeRequest) -> Redecoded:
    """Decode frames again that could not be read; their events name what they correct."""
    context = Context(parts.network.most_bytes, parts.commands.settings)
    found = Redecoded(0, 0, "")
    after = 0
    while page := await parts.store.read(lambda view, at=after: view.quarantined(at, PAGE)):
        after = page[-1].id
        for kept in page:
            said = await _again(parts, context, kept, body.dev_eui.lower())
            if said is None:
                continue
            found.read += not said
            found.kept += bool(said)
            found.reason = said or found.reason
    return found


async def _again(parts: Parts, context: Context, kept: Quarantined, dev_eui: str) -> str | None:
    """Why it still cannot be read; empty: it was; None: it is not asked for, or no frame."""
    try:
        notice = parts.network.parse(Envelope(kept.topic, kept.body, lambda: None))
    except Lost as error:
        return str(error) if kept.dev_eui == dev_eui or not dev_eui else None
    if not isinstance(notice, Uplink) or dev_eui not in ("", notice.dev_eui):
        return None
    now_ms = parts.clock()
    return await parts.store.write(lambda tx: correct(tx, context, kept, notice, now_ms))
