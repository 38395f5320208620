"""A position as two properties."""

from gateway.errors import Lost
from gateway.events import Value


def position(latitude: float, longitude: float) -> tuple[Value, Value]:
    """Latitude and longitude, both in degrees. Raises Lost where there is no such place."""
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise Lost("its position is nowhere")
    north, east = round(latitude, 6), round(longitude, 6)
    return Value("latitude", north, "deg"), Value("longitude", east, "deg")
