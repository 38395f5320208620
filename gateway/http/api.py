"""What each operation of the REST API does. The table in `routes` says what goes in and out."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.clock import Clock
from gateway.errors import Unknown
from gateway.events import Event
from gateway.http import openapi, views
from gateway.model import Command
from gateway.provisioning import Provisioned, Wanted
from gateway.store import Store, View
from gateway.usecases import webhooks

T = TypeVar("T")


class Call(Struct):
    """One request: its path's parts, and its query and body as the Structs of its route."""

    path: dict[str, str]
    query: Any = None
    body: Any = None


class Api(Struct, frozen=True, kw_only=True):
    """The operations, one method each, named as in the table.

    ask(dev_eui, name, values, expires_in_s): a command.  provision(wanted), remove(dev_eui): a
    device, here and at the network server.  check_url(url): raises Refused for one that may not be
    an endpoint.
    """

    store: Store
    clock: Clock
    ask_device: Callable[[str, str, dict[str, int], int | None], Awaitable[Command]]
    provision: Callable[[Wanted], Awaitable[Provisioned]]
    unprovision: Callable[[str], Awaitable[None]]
    check_url: Callable[[str], None]

    async def health(self, _call: Call) -> views.Health:
        """Answer only when the store does."""
        await self.store.read(lambda view: view.last_cursor())
        return views.Health("ok", openapi.VERSION)

    async def openapi(self, _call: Call) -> dict[str, Any]:
        """The document of this API."""
        return openapi.document()

    async def devices(self, _call: Call) -> views.Devices:
        """All devices."""
        found = await self.store.read(lambda view: view.devices())
        return views.Devices([views.device_view(one) for one in found])

    async def add_device(self, call: Call) -> views.DeviceCreated:
        """Make a device known here and at the network server."""
        body: views.DeviceRequest = call.body
        made = await self.provision(
            Wanted(
                name=body.name,
                profile=body.profile,
                dev_eui=body.dev_eui,
                join_eui=body.join_eui,
                app_key=body.app_key,
                settings={"report_s": body.report_s, "sample_s": body.sample_s},
            )
        )
        return device_created(made)

    async def device(self, call: Call) -> views.DeviceView:
        """One device."""
        eui = call.path["dev_eui"].lower()
        return views.device_view(await self._find(lambda view: view.device(eui), f"device {eui}"))

    async def remove_device(self, call: Call) -> views.Done:
        """Remove a device."""
        await self.unprovision(call.path["dev_eui"].lower())
        return views.Done()

    async def latest(self, call: Call) -> views.LatestView:
        """Newest values of a device."""
        device = await self.device(call)
        values = await self.store.read(lambda view: view.latest(device.dev_eui))
        return views.LatestView(device.dev_eui, values)

    async def ask(self, call: Call) -> views.CommandView:
        """Ask something of a device."""
        body: views.CommandRequest = call.body
        eui = call.path["dev_eui"].lower()
        return views.command_view(
            await self.ask_device(eui, body.name, body.values, body.expires_in_s)
        )

    async def commands(self, call: Call) -> views.Commands:
        """Newest commands."""
        eui, limit = call.query.dev_eui.lower(), call.query.limit
        found = await self.store.read(lambda view: view.commands(eui, limit))
        return views.Commands([views.command_view(one) for one in found])

    async def command(self, call: Call) -> views.CommandView:
        """One command."""
        id_ = call.path["id"]
        return views.command_view(
            await self._find(lambda view: view.command(id_), f"command {id_}")
        )

    async def events(self, call: Call) -> views.EventPage:
        """A page of events."""
        q: views.EventsQuery = call.query
        found = await self.store.read(
            lambda view: view.events(q.after, q.limit, q.kind, q.subject.lower())
        )
        events = [msgspec.json.decode(one.body, type=Event) for one in found]
        return views.EventPage(events, found[-1].cursor if found else q.after)

    async def explain(self, call: Call) -> views.Story:
        """What became of one event."""
        return await self._find(lambda view: story(view, call.path["id"]), "event of this id")

    async def webhooks(self, _call: Call) -> views.Webhooks:
        """All webhooks with their sums."""
        found = await self.store.read(
            lambda view: [(one, view.totals(one.id)) for one in view.endpoints()]
        )
        return views.Webhooks([views.webhook_view(*one) for one in found])

    async def add_webhook(self, call: Call) -> views.WebhookCreated:
        """Add a webhook."""
        self.check_url(call.body.url)
        made = webhooks.new_endpoint(call.body.url, call.body.types, self.clock())
        await self.store.write(lambda tx: tx.add_endpoint(made))
        return views.WebhookCreated(made.id, made.url, list(made.types), made.secret)

    async def webhook(self, call: Call) -> views.WebhookView:
        """One webhook."""
        id_ = call.path["id"]
        endpoint = await self._find(lambda view: view.endpoint(id_), f"webhook {id_}")
        totals = await self.store.read(lambda view: view.totals(id_))
        return views.webhook_view(endpoint, totals)

    async def remove_webhook(self, call: Call) -> views.Done:
        """Remove a webhook."""
        await self.store.write(lambda tx: tx.remove_endpoint(call.path["id"]))
        return views.Done()

    async def deliveries(self, call: Call) -> views.Deliveries:
        """Deliveries of a webhook."""
        endpoint, q = await self.webhook(call), call.query
        found = await self.store.read(
            lambda view: view.deliveries(endpoint.id, state=q.state, limit=q.limit)
        )
        return views.Deliveries([views.delivery_view(one) for one in found])

    async def replay(self, call: Call) -> views.Done:
        """Send the dead letters again."""
        now_ms = self.clock()
        count = await self.store.write(lambda tx: webhooks.replay(tx, call.path["id"], now_ms))
        return views.Done(count)

    async def enable_webhook(self, call: Call) -> views.WebhookView:
        """Deliver again."""
        await self.store.write(lambda tx: webhooks.enable(tx, call.path["id"]))
        return await self.webhook(call)

    async def _find(self, question: Callable[[View], T | None], what: str) -> T:
        found = await self.store.read(question)
        if found is None:
            raise Unknown(f"there is no {what}")
        return found


def device_created(made: Provisioned) -> views.DeviceCreated:
    """A new device as the API and the CLI show it."""
    return views.DeviceCreated(
        dev_eui=made.device.dev_eui,
        join_eui=made.device.join_eui,
        app_key=made.app_key,
        name=made.device.name,
        profile=made.device.profile,
        device_json=made.device_json,
    )


def story(view: View, event_id: str) -> views.Story | None:
    """An event and its deliveries; None when there is no such event."""
    entry = view.event(event_id)
    if entry is None:
        return None
    deliveries = [views.delivery_view(one) for one in view.deliveries(event_id=event_id)]
    return views.Story(msgspec.json.decode(entry.body, type=Event), deliveries)
