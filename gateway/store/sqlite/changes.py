"""A Transaction over one SQLite connection. Its statements are in queries.sql."""
# ruff: noqa: D102 - each method is described in gateway.store.Transaction

import sqlite3
from typing import Any

import msgspec

from gateway.errors import Refused, Unknown
from gateway.events import Event, Value
from gateway.model import ApiKey, Command, Delivery, Device, Endpoint, Latest
from gateway.store._event import new_event, wants
from gateway.store.sqlite.view import Rows

_encode = msgspec.json.Encoder().encode


class Changes(Rows):
    """A Transaction on a connection, BEGIN to COMMIT. appended: cursor of the newest event."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        super().__init__(connection)
        self._source = source
        self.appended = 0

    def _insert(self, refusal: str, name: str, *values: Any) -> None:
        try:
            self.run(name, *values)
        except sqlite3.IntegrityError:
            raise Refused(refusal) from None

    def _change(self, unknown: str, name: str, *values: Any) -> None:
        if not self.run(name, *values).rowcount:
            raise Unknown(unknown)

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        sequence = self.run("next_sequence", dev_eui).fetchone()[0]
        event, body = new_event(self._source, kind, dev_eui, at_ms, sequence=sequence, data=data)
        cursor = self.run("append", event.id, event.type, dev_eui, body).fetchone()[0]
        for endpoint in self.endpoints():
            if wants(endpoint, event):
                self.run("put_outbox", endpoint.id, cursor, dev_eui)
                self.run("match", endpoint.id)
        self.appended = cursor
        return event

    def add_device(self, device: Device) -> None:
        taken = (
            f"the DevEUI {device.dev_eui} or the name {device.name!r} is taken by another device"
        )
        self._insert(taken, "add_device", device.dev_eui, device.name, _encode(device))

    def remove_device(self, dev_eui: str) -> None:
        self._change(f"no device has the DevEUI {dev_eui}", "remove_device", dev_eui)
        self.run("remove_latest", dev_eui)

    def put_latest(
        self, dev_eui: str, seq: int | None, observed_at: str, values: tuple[Value, ...]
    ) -> None:
        for one in values:
            new = Latest(one.property, one.value, one.unit, one.quality, observed_at, seq)
            self.run("put_latest", dev_eui, one.property, observed_at, _encode(new))

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        self.run("put_seen", dev_eui, seen)

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        return self.run("quarantine", at_ms, dev_eui, topic, body, reason).fetchone()[0]

    def put_command(self, command: Command) -> None:
        due = (command.final, command.next_at_ms, _encode(command))
        self.run("put_command", command.id, command.dev_eui, command.token, *due)
        if command.queue_item_id:
            self.run("put_command_item", command.queue_item_id, command.id)

    def next_token(self, dev_eui: str) -> int:
        return self.run("next_token", dev_eui).fetchone()[0]

    def add_endpoint(self, endpoint: Endpoint) -> None:
        taken = f"the webhook id {endpoint.id} is taken"
        self._insert(taken, "add_endpoint", endpoint.id, _encode(endpoint))

    def put_endpoint(self, endpoint: Endpoint) -> None:
        unknown = f"there is no webhook {endpoint.id}"
        self._change(unknown, "put_endpoint", endpoint.id, _encode(endpoint))

    def remove_endpoint(self, endpoint_id: str) -> None:
        self._change(f"there is no webhook {endpoint_id}", "remove_endpoint", endpoint_id)
        for state in ("pending", "dead"):
            count = self.run(f"withdraw_{state}", endpoint_id).rowcount
            self.run("count_done", endpoint_id, 0, count)

    def put_delivery(self, delivery: Delivery) -> None:
        key = (delivery.endpoint_id, delivery.cursor)
        row = self.run("delivery_state", *key).fetchone()
        if not row:
            raise Unknown(f"event {delivery.event_id} has no delivery to {delivery.endpoint_id}")
        if row[0] == "withdrawn":
            return
        times = (delivery.first_at_ms, delivery.next_at_ms)
        new = (delivery.state, delivery.attempts, *times, delivery.note)
        self.run("put_delivery", *key, *new)
        change = (delivery.state == "delivered") - (row[0] == "delivered")
        if change:
            self.run("count_done", delivery.endpoint_id, change, 0)

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        return self.run("hasten", endpoint_id, now_ms).rowcount

    def add_api_key(self, key: ApiKey) -> None:
        taken = f"the key name {key.name!r} is taken"
        self._insert(taken, "add_api_key", key.id, key.name, key.digest, _encode(key))

    def remove_api_key(self, key_id: str) -> None:
        self._change(f"there is no key {key_id}", "remove_api_key", key_id)
