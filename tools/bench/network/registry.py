"""Tenants, applications, profiles, radio gateways and devices, in memory only.

Messages are kept as ChirpStack's own (`chirpstack_api.api`); beside them stands the server's own
state.  The texts of broken constraints are those of ChirpStack's SQLite build.
"""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from chirpstack_api import api, common, gw, integration

from tools.bench.network.adr import Adr
from tools.bench.network.setup import Setup

Message = TypeVar("Message")


class StorageError(Exception):
    """The registry refuses a change; the message is the database's text in ChirpStack."""


class MissingError(StorageError):
    """No object has this identifier. `identifier` is None where ChirpStack does not name it."""

    def __init__(self, identifier: str | None) -> None:
        super().__init__(f"Object does not exist (id: {identifier})")
        self.identifier = identifier


@dataclass
class Stored(Generic[Message]):
    """One object with its times, Unix microseconds."""

    message: Message
    created_us: int
    updated_us: int


@dataclass
class Session:
    """An activation. f_cnt_up and f_cnt_down are the *next expected* and *next used* counters."""

    dev_addr: str
    nwk_s_key: bytes
    app_s_key: bytes
    f_cnt_up: int = 0
    f_cnt_down: int = 0
    status_asked_us: int | None = None
    adr: Adr = field(default_factory=Adr)
    setup: Setup = field(default_factory=Setup)


@dataclass
class QueueItem:
    """One downlink that an application asked for. Times in Unix microseconds."""

    id: str
    f_port: int
    data: bytes
    confirmed: bool
    expires_us: int | None = None
    pending: bool = False
    f_cnt_down: int | None = None
    timeout_us: int | None = None


@dataclass
class LastUplink:
    """Where and how the last uplink was received: what a downlink needs."""

    receptions: list[gw.UplinkRxInfo]
    frequency_hz: int
    data_rate: int


@dataclass
class Device(Stored[api.Device]):
    """A device, its keys, its session and its queue."""

    keys: Stored[api.DeviceKeys] | None = None
    join_nonce: int = 0
    dev_nonces: set[tuple[str, int]] = field(default_factory=set)
    session: Session | None = None
    enabled_class: common.DeviceClass = common.DeviceClass.CLASS_A
    queue: list[QueueItem] = field(default_factory=list)
    run_after_us: int = 0
    last_seen_us: int | None = None
    status: api.DeviceStatus | None = None
    last_uplink: LastUplink | None = None

    @property
    def dev_eui(self) -> str:
        """Lower-case hex."""
        return self.message.dev_eui

    def set_class(self, *, supports_class_c: bool) -> None:
        """Class C from activation on where the profile says so; 1.0.x has no message for it."""
        classes = common.DeviceClass
        self.enabled_class = classes.CLASS_C if supports_class_c else classes.CLASS_A
        self.run_after_us = 0


@dataclass
class RadioGateway(Stored[api.Gateway]):
    """A radio gateway and when it last sent statistics."""

    last_seen_us: int | None = None


class Registry:
    """All objects of the server by their identifiers, with the constraints between them."""

    def __init__(self) -> None:
        self.tenants: dict[str, Stored[api.Tenant]] = {}
        self.applications: dict[str, Stored[api.Application]] = {}
        self.profiles: dict[str, Stored[api.DeviceProfile]] = {}
        self.radio_gateways: dict[str, RadioGateway] = {}
        self.devices: dict[str, Device] = {}

    def add_device(self, message: api.Device, now_us: int) -> None:
        """Add a device. Raises StorageError: unknown application or profile, or a duplicate."""
        if message.application_id not in self.applications:
            raise StorageError("Record not found")
        if message.dev_eui in self.devices:
            raise StorageError("UNIQUE constraint failed: device.dev_eui")
        if message.device_profile_id not in self.profiles:
            raise StorageError("FOREIGN KEY constraint failed")
        self.devices[message.dev_eui] = Device(message, now_us, now_us)

    def device(self, dev_eui: str) -> Device:
        """The device. Raises MissingError."""
        return self.one(self.devices, dev_eui)

    @staticmethod
    def one(table: dict[str, Any], identifier: str) -> Any:
        """The object of this identifier in one of the tables. Raises MissingError."""
        found = table.get(identifier)
        if found is None:
            raise MissingError(identifier)
        return found

    def tenant_of(self, device: Device) -> str:
        """Identifier of the tenant that owns the device's application."""
        return self.applications[device.message.application_id].message.tenant_id

    def profile_of(self, device: Device) -> api.DeviceProfile:
        """The device's profile."""
        return self.profiles[device.message.device_profile_id].message

    def remove_tenant(self, tenant_id: str) -> None:
        """Remove a tenant and everything of it. Raises MissingError."""
        self.one(self.tenants, tenant_id)
        for table in (self.radio_gateways, self.profiles):
            for key in [k for k, v in table.items() if v.message.tenant_id == tenant_id]:
                del table[key]
        for key, stored in list(self.applications.items()):
            if stored.message.tenant_id == tenant_id:
                self.remove_application(key)
        del self.tenants[tenant_id]

    def remove_application(self, application_id: str) -> None:
        """Remove an application and its devices. Raises MissingError."""
        self.one(self.applications, application_id)
        self._remove_devices("application_id", application_id)
        del self.applications[application_id]

    def remove_profile(self, profile_id: str) -> None:
        """Remove a profile *and its devices*, as ChirpStack does. Raises MissingError."""
        self.one(self.profiles, profile_id)
        self._remove_devices("device_profile_id", profile_id)
        del self.profiles[profile_id]

    def _remove_devices(self, name: str, value: str) -> None:
        for key in [k for k, d in self.devices.items() if getattr(d.message, name) == value]:
            del self.devices[key]

    def info(self, device: Device, *, application_tags: bool = True) -> integration.DeviceInfo:
        """The `device_info` of every event; tags of device over profile over application.

        application_tags: False for txack events, which lack them in ChirpStack.
        """
        application = self.applications[device.message.application_id].message
        profile = self.profile_of(device)
        info = integration.DeviceInfo(
            tenant_id=application.tenant_id,
            tenant_name=self.tenants[application.tenant_id].message.name,
            application_id=application.id,
            application_name=application.name,
            device_profile_id=profile.id,
            device_profile_name=profile.name,
            device_name=device.message.name,
            dev_eui=device.dev_eui,
            device_class_enabled=device.enabled_class,
        )
        for message in ([application] if application_tags else []) + [profile, device.message]:
            info.tags.update(message.tags)
        return info
