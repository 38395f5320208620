"""ChirpStack's gRPC messages and stubs, as Any: their package has no type information."""

from typing import Any

import chirpstack_api.api  # pyright: ignore[reportMissingTypeStubs]
import chirpstack_api.common  # pyright: ignore[reportMissingTypeStubs]

api: Any = chirpstack_api.api
common: Any = chirpstack_api.common
