"""Which region the devices use: as configured, or the only one that the server has.

ChirpStack lists its regions to a user, not to an API key; a key reads them from the tenant's radio
gateways, where ChirpStack notes the region with each statistics message.
Source: ChirpStack 4.20, api/internal.rs (ListRegions), gateway/backend/mqtt.rs (metadata).
"""

from typing import Any

from google.protobuf.empty_pb2 import Empty

from gateway.errors import ConfigError, Refused
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.stubs import api, common

PAGE = 1000
COMMON_NAME = "region_common_name"
"""The property of a radio gateway that holds its region."""
DEFAULT = "EU868"
"""Where neither the configuration nor the server decides."""


def named(region: str) -> str:
    """A region as ChirpStack writes it, like EU868. Raises ConfigError for one it cannot have."""
    known = common.Region.keys()
    if region.upper() not in known:
        raise ConfigError(f"`network.region` is none of: {', '.join(known)}")
    return region.upper()


async def there(calls: Calls, tenant_id: str) -> set[str]:
    """The regions that the server has; empty where it does not say. Raises Retry."""
    internal = api.InternalServiceStub(calls.channel())
    try:
        listed = await calls.call(internal.ListRegions, Empty())
    except (ConfigError, Refused):
        return await _of_radio_gateways(calls, tenant_id)
    return {common.Region.Name(one.region) for one in listed.regions}


async def _of_radio_gateways(calls: Calls, tenant_id: str) -> set[str]:
    stub = api.GatewayServiceStub(calls.channel())
    request = api.ListGatewaysRequest(limit=PAGE, tenant_id=tenant_id)
    listed: Any = await calls.call(stub.List, request)
    return {one.properties.get(COMMON_NAME, "") for one in listed.result} - {""}


def chosen(wanted: str, known: set[str]) -> str:
    """The region of the devices. wanted: as configured, may be empty.

    Raises ConfigError where the server lacks it, or has several of which none is configured.
    """
    if wanted:
        wanted = named(wanted)
    elif len(known) == 1:
        (wanted,) = known
    elif not known or DEFAULT in known:
        wanted = DEFAULT
    else:
        raise ConfigError(f"`network.region` must say which region is ours: {_list(known)}")
    if known and wanted not in known:
        raise ConfigError(
            f"`network.region` is {wanted}, which the network server lacks; it has {_list(known)}"
        )
    return wanted


def _list(known: set[str]) -> str:
    return ", ".join(sorted(known))
