"""Uplinks as ChirpStack publishes them, made before the clock starts.

Source: the form of a recorded `up` event of ChirpStack 4.20 with one reception, 1.1 kB.
"""

import base64
import json
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from wire.codec import frame, pack

APPLICATION = "8304ff7e-0c5b-4f36-829b-b8281b72c78e"
TENANT = "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"
FIRST_EUI = 0x70B3D57ED0100000
PROFILE = "bin"


def dev_eui(index: int) -> str:
    """DevEUI of the device with this index."""
    return f"{FIRST_EUI + index:016x}"


def index_of(eui: str) -> int:
    """Index of the device with this DevEUI."""
    return int(eui, 16) - FIRST_EUI


def messages(devices: int, first: int, count: int) -> Iterator[tuple[str, bytes]]:
    """(topic, body) of `count` readings, the devices by turns.

    first: number of each device's first reading, which is its FCnt too.
    """
    began_ms = time.time_ns() // 1_000_000 - count
    for index in range(count):
        number = first + index // devices
        yield _message(index % devices, number, began_ms + index)


def _message(device: int, number: int, at_ms: int) -> tuple[str, bytes]:
    eui = dev_eui(device)
    at = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
    body = {
        "deduplicationId": str(uuid.UUID(int=device << 64 | number)),
        "time": at,
        "deviceInfo": _device_info(eui, device),
        "devAddr": f"{device:08x}",
        "adr": True,
        "dr": 5,
        "fCnt": number,
        "fPort": 10,
        "confirmed": False,
        "data": base64.b64encode(_frame(number)).decode(),
        "rxInfo": [_reception(at, number)],
        "txInfo": {
            "frequency": 868300000,
            "modulation": {
                "lora": {"bandwidth": 125000, "spreadingFactor": 7, "codeRate": "CR_4_5"}
            },
        },
        "regionConfigId": "eu868",
    }
    topic = f"application/{APPLICATION}/device/{eui}/event/up"
    return topic, json.dumps(body, separators=(",", ":")).encode()


def _device_info(eui: str, device: int) -> dict[str, Any]:
    return {
        "tenantId": TENANT,
        "tenantName": "ChirpStack",
        "applicationId": APPLICATION,
        "applicationName": "lamplighter",
        "deviceProfileId": "e1b88a4f-5fe6-4e6d-b69e-3227c6b589dd",
        "deviceProfileName": PROFILE,
        "deviceName": f"{PROFILE}-{device}",
        "devEui": eui,
        "deviceClassEnabled": "CLASS_A",
        "tags": {"city": "mulhouse", "post": "12"},
    }


def _reception(at: str, number: int) -> dict[str, Any]:
    return {
        "gatewayId": "8dd646ce57b18307",
        "uplinkId": number,
        "nsTime": at,
        "rssi": -60,
        "snr": 9.5,
        "location": {"latitude": 47.75, "longitude": 7.33},
        "context": "3nMF4w==",
        "crcStatus": "CRC_OK",
    }


def _frame(number: int) -> bytes:
    values = {
        "seq": number % 65536, "age": 0, "fill": number % 100, "distance": 500, "valid": 7,
        "spread": 3, "battery": 3600, "obstructed": 0, "suspect": 0, "low_battery": 0,
        "uncalibrated": 0,
    }  # fmt: skip
    return frame([pack(PROFILE, values)])
