"""Raspberry Pi RP2040. Source: RP2040 datasheet, 1.4.3, GPIO functions."""

PORT = "rp2"
MARCH = "armv6m"
FLASH = {"size": 2097152, "fs_offset": 655360, "fs_size": 1441792}
"""As MicroPython divides it for RPI_PICO."""
GPIOS = range(30)
UNUSABLE: dict[int, str] = {}
SHARED: frozenset[tuple[str, int]] = frozenset()
INPUT_ONLY: frozenset[int] = frozenset()
STRAPPING: dict[int, str] = {}
ADC = frozenset(range(26, 30))
WAKES = frozenset(GPIOS)
CONTROLLERS = {"uart": (0, 1), "i2c": (0, 1), "spi": (0, 1)}

PLACES = {"tx": 0, "rx": 1, "miso": 0, "sck": 2, "mosi": 3}
"""Place of a wire of UART or SPI in each group of four GPIOs."""
UARTS = (0, 1, 1, 0, 0, 1, 1, 0)
"""UART of GPIO 0 to 3, 4 to 7, ..."""


def reaches(bus: str, number: int, wire: str, gpio: int) -> bool:
    """See gateway.mcu."""
    if bus == "i2c":
        return gpio % 4 == 2 * number + (wire == "scl")
    owner = UARTS[gpio // 4] if bus == "uart" else gpio // 8 % 2
    return owner == number and gpio % 4 == PLACES[wire]
