"""A real mosquitto with settings of its own, beside ChirpStack's API (the bench's, emulated)."""

import contextlib

from msgspec.structs import replace

from gateway.networks import chirpstack
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker


@contextlib.asynccontextmanager
async def reached(folder, extra, **settings):
    """(broker with these settings of its own, ChirpStack's API, what leads the gateway there)."""
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(
            Broker(folder / "mqtt", extra={name: str(one) for name, one in extra.items()})
        )
        api = await stack.enter_async_context(_api(broker))
        filled = {
            name: one.format(port=broker.port) if isinstance(one, str) else one
            for name, one in settings.items()
        }
        own = chirpstack.Settings(grpc=f"http://{api.grpc_address}", api_key=api.admin_key)
        yield broker, api, replace(own, **filled)


@contextlib.asynccontextmanager
async def _api(broker):
    """The bench's API with a broker of its own: the one under test is not open to it."""
    async with (
        Broker(broker.folder / "open") as own,
        NetworkServer(mqtt=(own.host, own.port), settings=Durations.fast()) as made,
    ):
        yield made
