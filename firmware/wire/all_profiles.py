"""The facts of every profile, for gateway, tools and tests: no board carries this file."""

from wire.profiles import of
from wire.words import PROFILES as NAMES

PROFILES: "dict[str, dict[str, object]]" = {}
"""name -> its facts, as `wire.profiles` describes them."""

for _name in NAMES[1:]:
    PROFILES[_name] = of(_name) or {}
