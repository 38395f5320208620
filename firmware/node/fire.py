"""A fire in a container, by how warm it is and how fast that came. Loaded with a thermometer.

A lid in the sun gets as warm as a fire that begins, but takes an hour for it.
"""

from micropython import const

from node.sound import corrected

_FIRE = const(3)
_TIMES = const(3)  # readings that follow each other at once
_WARM = const(4000)  # 0.01 degrees Celsius, as all here
_FAST = const(500)  # a minute: no sun does that
_RISING = const(100)  # a minute
_HOTTEST = const(8500)  # no lid in the sun is that warm
_FALLING = const(100)
_AGAIN_US = const(10000000)


def judge(profile, values: dict, air: "dict | None") -> None:
    """Temperature and alarm of a reading. Two measurements must agree, the second comes at once.

    It is fire above `fire_c` if it rises by 1 degree a minute, above 40 if by 5, above 85 always;
    and lasts until it is below 40 again.
    profile: a `node.profiles.bin.Profile`.  air: of the thermometer, or None.
    """
    values["alarm"] = values.get("alarm", 0)
    if air is None:
        return
    node = profile.node
    values["distance"] = corrected(node, values["distance"])
    now_s = node.clock.uptime_s()
    warm = air["temperature"]
    last = profile.air
    rate = (warm - last) * 60 // max(1, now_s - profile.air_s) if profile.air_s else 0
    profile.air = warm
    profile.air_s = now_s or 1
    values["temperature"] = max(-40, min((warm + 50) // 100, 86))
    if profile.hot == 1:
        profile.hot = 2 if warm >= last - _FALLING else 0
        if profile.hot:
            profile.urgent = _TIMES
    if profile.hot == 0 and _looks(warm, rate, node.config["fire_c"] * 100):
        profile.hot = 1
        profile.ends_us = node.clock.us() + _AGAIN_US
    if profile.hot == 2:
        if warm < _WARM:
            profile.hot = 0
        else:
            values["alarm"] = _FIRE


def _looks(warm, rate, level):
    """Does one measurement look like fire?"""
    if warm >= _HOTTEST:
        return True
    return (warm >= level and rate >= _RISING) or (warm >= _WARM and rate >= _FAST)
