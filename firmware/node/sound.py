"""The speed of sound in air: a ranger that knows no temperature errs by 0.17 % a degree."""


def speed_mm_s(centi_celsius: int) -> int:
    """Speed of sound in dry air. centi_celsius: 0.01 degrees Celsius, -5500 to 12500.

    The square root's series to the second order: within 0.2 % of it from -40 to +85 degrees.
    Source: c = 331.3 m/s x sqrt(1 + t / 273.15) (ISO 9613-1 has the same to 0.1 m/s).
    """
    return 331300 + centi_celsius * 6064 // 1000 - centi_celsius * centi_celsius // 18017


def corrected_mm(distance_mm: int, centi_celsius: int, assumed_mm_s: int) -> int:
    """What a ranger would have measured in air of this temperature.

    assumed_mm_s: the speed by which it computed `distance_mm`.
    """
    return (distance_mm * speed_mm_s(centi_celsius) + assumed_mm_s // 2) // assumed_mm_s


def corrected(node, distance_mm: "int | None") -> "int | None":
    """A distance as in the air that the thermometer has just measured.

    As it was where a value is missing, or the ranger's driver has no `sound_mm_s`: it measures
    by light, or knows the air's temperature itself.
    """
    air = node.sensed["temperature"]
    assumed_mm_s = getattr(node.sensors["distance"], "sound_mm_s", 0)
    if distance_mm is None or not air or not assumed_mm_s:
        return distance_mm
    return corrected_mm(distance_mm, air["temperature"], assumed_mm_s)
