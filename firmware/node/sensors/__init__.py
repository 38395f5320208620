"""One driver a file, named as the chip; its class has the same name in capitals."""

if __debug__:  # for documents and tests; no board carries it
    ROLES = {
        "distance": {"distance": "mm", "valid": "1", "spread": "mm", "obstructed": "1"},
        "light": {"lux": "lx", "saturated": "1"},
        "motion": {"total": "1", "presence": "1", "warm": "1"},
        "people": {"inbound": "1", "outbound": "1", "unclear": "1", "blind": "1"},
        "field": {"x": "nT", "y": "nT", "z": "nT"},
        "temperature": {"temperature": "cCel"},
        "tilt": {"tilt": "deg", "shock": "1"},
        "meter": {"mains": "mV", "current": "mA", "power": "mW", "energy": "mW.h"},
    }
    """role -> {value that its drivers read: UCUM unit}. A profile asks for roles."""
