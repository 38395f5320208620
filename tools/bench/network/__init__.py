"""The bench's network server: ChirpStack's gRPC API, MQTT events and downlink queue, in memory.

LoRaWAN 1.0.x, one region, classes A and C. `NetworkServer` runs it in the caller's event loop;
`python -m tools.bench.network` runs it alone. It shares no LoRaWAN code with the firmware.
"""

from tools.bench.network.broker import BrokerAbsentError
from tools.bench.network.core import Core
from tools.bench.network.durations import Durations
from tools.bench.network.service import NetworkServer, PortTakenError

__all__ = ["BrokerAbsentError", "Core", "Durations", "NetworkServer", "PortTakenError"]
