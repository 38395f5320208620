"""A Transaction over tables in memory."""
# ruff: noqa: D102 - each method is described in gateway.store.Transaction

from typing import Any

from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.events import Event, Value
from gateway.model import ApiKey, Command, Delivery, Device, Endpoint, Latest, Quarantined
from gateway.store._event import new_event, wants
from gateway.store.memory.view import Rows


class Changes(Rows):
    """A Transaction; `undo` takes it back. appended: cursor of the newest event."""

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        sequence = self._count("sequence", dev_eui)
        event, body = new_event(self._source, kind, dev_eui, at_ms, sequence=sequence, data=data)
        cursor = self.appended = self._count("event", "")
        self._events.put(cursor, (event, body))
        for endpoint in self.endpoints():
            if wants(endpoint, event):
                key = {"endpoint_id": endpoint.id, "cursor": cursor, "event_id": event.id}
                row = Delivery(**key, type=event.type, subject=dev_eui, body=body)
                self._outbox.put((endpoint.id, cursor), row)
                self._count("matched", endpoint.id)
        return event

    def add_device(self, device: Device) -> None:
        if self.device(device.dev_eui) or any(o.name == device.name for o in self.devices()):
            key = f"the DevEUI {device.dev_eui} or the name {device.name!r}"
            raise Refused(f"{key} is taken by another device")
        self._devices.put(device.dev_eui, device)

    def remove_device(self, dev_eui: str) -> None:
        if not self.device(dev_eui):
            raise Unknown(f"no device has the DevEUI {dev_eui}")
        self._devices.put(dev_eui, None)
        for one in self.latest(dev_eui):
            self._latest.put((dev_eui, one.property), None)

    def put_latest(
        self, dev_eui: str, seq: int | None, observed_at: str, values: tuple[Value, ...]
    ) -> None:
        for one in values:
            key, new = (dev_eui, one.property), (one.property, one.value, one.unit, one.quality)
            old = self._latest.get(key)
            if old is None or old.observed_at <= observed_at:
                self._latest.put(key, Latest(*new, observed_at, seq))

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        self._seen.put(dev_eui, seen)

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        number = self._count("quarantine", "")
        self._quarantine.put(number, Quarantined(number, at_ms, dev_eui, topic, body, reason))
        return number

    def put_command(self, command: Command) -> None:
        self._commands.put(command.id, command)
        if command.queue_item_id and not self._items.get(command.queue_item_id):
            self._items.put(command.queue_item_id, command.id)

    def next_token(self, dev_eui: str) -> int:
        return self._count("token", dev_eui, 65535)

    def add_endpoint(self, endpoint: Endpoint) -> None:
        if self._endpoints.get(endpoint.id):
            raise Refused(f"the webhook id {endpoint.id} is taken")
        self._endpoints.put(endpoint.id, endpoint)

    def put_endpoint(self, endpoint: Endpoint) -> None:
        if not self.endpoint(endpoint.id):
            raise Unknown(f"there is no webhook {endpoint.id}")
        self._endpoints.put(endpoint.id, endpoint)

    def remove_endpoint(self, endpoint_id: str) -> None:
        if not self.endpoint(endpoint_id):
            raise Unknown(f"there is no webhook {endpoint_id}")
        self._removed.put(endpoint_id, True)
        for one in self._of(endpoint_id):
            if one.state in {"pending", "dead"}:
                self._outbox.put((endpoint_id, one.cursor), replace(one, state="withdrawn"))

    def put_delivery(self, delivery: Delivery) -> None:
        key = (delivery.endpoint_id, delivery.cursor)
        old = self._outbox.get(key)
        if not old:
            raise Unknown(f"event {delivery.event_id} has no delivery to {delivery.endpoint_id}")
        if old.state != "withdrawn":
            times = {"first_at_ms": delivery.first_at_ms, "next_at_ms": delivery.next_at_ms}
            new = {"state": delivery.state, "attempts": delivery.attempts, "note": delivery.note}
            self._outbox.put(key, replace(old, **times, **new))

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        waiting = [o for o in self._of(endpoint_id) if o.state == "pending" and o.attempts]
        late = [one for one in waiting if one.next_at_ms > now_ms]
        for one in late:
            self._outbox.put((endpoint_id, one.cursor), replace(one, next_at_ms=now_ms))
        return len(late)

    def add_api_key(self, key: ApiKey) -> None:
        if any(key.name == one.name or key.id == one.id for one in self.api_keys()):
            raise Refused(f"the key name {key.name!r} is taken")
        self._keys.put(key.id, key)

    def remove_api_key(self, key_id: str) -> None:
        if not self._keys.get(key_id):
            raise Unknown(f"there is no key {key_id}")
        self._keys.put(key_id, None)
