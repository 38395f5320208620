"""ChirpStack's gRPC messages and stubs, as Any: their package has no type information."""

from typing import Any

import chirpstack_api.api
import chirpstack_api.common

api: Any = chirpstack_api.api
common: Any = chirpstack_api.common
