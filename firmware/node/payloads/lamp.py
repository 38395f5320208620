"""State of a lamp."""


def fields(readings, sensed: dict) -> dict:
    """Level, its reason, light and presence."""
    lamp, light, motion = readings.lamp, sensed["bh1750"], sensed["am312"]
    passages, lamp.passages = lamp.passages, 0
    lux = light and light["lux"]
    stuck = readings.stuck.seen(lux or None) or readings.too_long(motion)
    return {
        "level": lamp.level,
        "why": lamp.why,
        "lux": lux,
        "presence": motion["presence"],
        "passages": min(passages, 1022),
        "saturated": int(bool(light and light["saturated"])),
        "suspect": int(light is None or stuck),
    }
