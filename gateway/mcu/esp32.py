"""Espressif ESP32. Source: ESP32 datasheet, 2.2 (pins), 3 (boot configuration), 4.1.2 (ADC).

Any digital wire can be at any GPIO, over the GPIO matrix. UART 0 is MicroPython's console; SPI 1
and 2 are HSPI and VSPI (MicroPython, quick reference for the ESP32).
"""

PORT = "esp32"
MARCH = "xtensawin"
FLASH = {"size": 4194304, "fs_offset": 2097152, "fs_size": 2097152}
"""As MicroPython divides it for ESP32_GENERIC."""
GPIOS = range(40)
UNUSABLE = (
    dict.fromkeys((1, 3), "the console is there")
    | dict.fromkeys(range(6, 12), "the flash is there")
    | dict.fromkeys((20, 24, *range(28, 32)), "it has no pad")
)
SHARED: frozenset[tuple[str, int]] = frozenset({("vbus", 3)})
"""A USB bridge without power lets the console's input go low (node/ports/esp32.py)."""
INPUT_ONLY = frozenset(range(34, 40))
STRAPPING = {
    0: "low starts the loader of the ROM",
    2: "high keeps the loader of the ROM from starting",
    12: "high sets 1.8 V for the flash, and the board does not start",
}
"""Without 5 and 15, which only change the timing of SDIO and the messages of the ROM."""
ADC = frozenset({0, 2, 4, 12, 13, 14, 15, 25, 26, 27, *range(32, 40)})
WAKES = ADC
"""The RTC's (ESP-IDF, sleep modes); 34 to 39 need a pull-up outside."""
CONTROLLERS = {"uart": (1, 2), "i2c": (0, 1), "spi": (1, 2)}


def reaches(_bus: str, _number: int, _wire: str, _gpio: int) -> bool:
    """See gateway.mcu."""
    return True
