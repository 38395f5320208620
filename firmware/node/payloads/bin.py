"""Fill of a bin."""

from micropython import const

_SPREAD_MM = const(15)


def fill_percent(distance_mm: int, empty_mm: int, height_mm: int) -> int:
    """Fill of a prism: sensor to surface against sensor to the empty bottom. 0..100."""
    filled = max(0, min(height_mm, empty_mm - distance_mm))
    return (filled * 100 + height_mm // 2) // height_mm


def fields(readings, sensed: dict) -> dict:
    """Fill, distance and how far both can be trusted."""
    echo = sensed["a02yyuw"] or {"distance": None, "valid": 0, "spread": None, "obstructed": 0}
    distance, height = echo["distance"], readings.config["height_mm"]
    fill = None
    if distance is not None:
        fill = fill_percent(distance, readings.config["empty_mm"], height)
    spread_most = max(_SPREAD_MM, height * 3 // 100)
    stuck = readings.stuck.seen(None if echo["spread"] else distance)
    return {
        "fill": fill,
        "distance": distance,
        "valid": echo["valid"],
        "spread": echo["spread"],
        "battery": readings.millivolts(),
        "obstructed": echo["obstructed"],
        "suspect": int(stuck or echo["valid"] < 5 or (echo["spread"] or 0) >= spread_most),
        "low_battery": readings.low(),
        "uncalibrated": int(not readings.config.given("empty_mm")),
    }
