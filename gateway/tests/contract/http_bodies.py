"""A request for each operation of the REST API, and what it asks about."""

from gateway import certificate
from gateway.model import Device
from gateway.plans import Bulk, Programme, Schedule, Selection

EUI = "70b3d57ed005a001"
DEVICE = Device(dev_eui=EUI, name="lamp 1", profile="lamp", join_eui="0" * 16, device_class="C")
WAITING = Bulk(
    id="bulk_1", who="read", name="dim", parts=({"level": 40},), selection=Selection((EUI,)),
    targets=(EUI,), state="waiting", approve_until_ms=2 * 10**12, expires_at_ms=2 * 10**12,
)  # fmt: skip
DAILY = Schedule(
    id="schedule_1", who="read", zone="UTC", at="22:00", name="dim", values={"level": 30},
    selection=Selection((EUI,)), state="waiting", approve_until_ms=2 * 10**12,
)  # fmt: skip
PROGRAMME = Programme(
    id="00001", name="night", version=1, who="admin", created_at_ms=1_700_000_000_000,
    source='name = "night"\nzone = "UTC"\nlatitude = 47.7\n[control_programmes]\n'
    'default = { "22:00" = 30, "05:00" = 100 }\n',
)  # fmt: skip
SAVED = f"LW:D0:{'0' * 16}:{EUI.upper()}:FFFF0002:SL-7:PPASS.LAMP.M12.V4"
MAPPING = {"values": {"a": {"property": "distance", "unit": "mm"}}}
CODEC = {
    "name": "tank-2",
    "script": "function decodeUplink(input) { return {data: {a: input.bytes[0]}}; }",
    "mapping": MAPPING,
}
BULK = {"name": "dim", "values": {"level": 40}, "devices": [EUI]}
BODIES = {
    "assign": {"dev_eui": EUI},
    "commission": {"certificate": f"PASS {SAVED}:C{certificate.checksum(SAVED.encode()):04X}"},
    "add_device": {"name": "bin 7", "profile": "bin", "report_s": 600},
    "add_schedule": BULK | {"zone": "Europe/Paris", "local_time": "22:00"},
    "edit_programme": {"source": PROGRAMME.source},
    "push_programme": {"devices": [EUI]},
    "try_push": {"devices": [EUI]},
    "ask_many": BULK,
    "try_bulk": BULK,
    "ask": {"name": "dim", "values": {"level": 40}, "expires_in_s": 60},
    "rotate": {"overlap_s": 60},
    "redecode": {},
    "tag": {"tags": ["east", "park:7"]},
    "replay": {"since": "2020-01-01T00:00:00Z"},
    "add_codec": CODEC,
    "try_codec": {"fport": 2, "data": "05"},
    "add_webhook": {"url": "https://example.org/", "types": ["lamplighter.reading.v1"]},
}
