"""The audit log: who changed what through the API and the command line."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway.clock import Instant, rfc3339
from gateway.model import AuditChange, AuditEntry
from gateway.usecases import Limit, Parts


class AuditQuery(Struct):
    """Which entries. after: the `next` of the page before.

    last: instead of a page, the newest so many, newest first.
    """

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 100
    last: Limit | None = None


class AuditView(Struct):
    """What somebody did. who: an API key's id and name, or a user of the gateway's machine.

    via: `api` or `cli`.  action: the operation or command.  subject: what it named.
    changes: each thing as it was and as it is, null where it was not there; secrets are `(set)`,
    or `(changed)`.
    """

    number: int
    at: Instant
    who: str
    via: str
    action: str
    subject: str
    changes: list[AuditChange]


class AuditPage(Struct):
    """Entries, oldest first, or the newest, newest first.

    next: `after` of the page that begins behind these.  more: there are some behind these.
    """

    entries: list[AuditView]
    next: int
    more: bool


async def page(parts: Parts, *, query: AuditQuery) -> AuditPage:
    """Who changed what, in order; with `last` the newest, newest first."""
    last = query.last
    if last is not None:
        found = await parts.store.read(lambda view: view.newest_audit(last))
        return AuditPage([_shown(one) for one in found], found[0].number if found else 0, False)
    found = await parts.store.read(lambda view: view.audit(query.after, query.limit + 1))
    shown = found[: query.limit]
    reached = shown[-1].number if shown else query.after
    return AuditPage([_shown(one) for one in shown], reached, len(found) > len(shown))


def _shown(entry: AuditEntry) -> AuditView:
    return AuditView(
        number=entry.number,
        at=rfc3339(entry.at_ms),
        who=entry.who,
        via=entry.via,
        action=entry.action,
        subject=entry.subject,
        changes=list(entry.changes),
    )
