"""Espressif ESP32-S3. Source: ESP32-S3 datasheet, 2.3 (IO pins) and 3 (boot configurations).

Any digital wire can be at any GPIO, over the GPIO matrix. UART 0 (GPIO43, 44) and the USB port
(GPIO19, 20) are both MicroPython's console; SPI 1 and 2 are the chip's SPI2 and SPI3 (MicroPython
1.25, ports/esp32/machine_hw_spi.c). No emulator of this chip exists here.
"""

PORT = "esp32"
MARCH = "xtensawin"
FLASH = {"size": 8388608, "fs_offset": 2097152, "fs_size": 6291456}
"""As MicroPython divides it for ESP32_GENERIC_S3."""
GPIOS = range(49)
UNUSABLE = (
    dict.fromkeys((19, 20, 43, 44), "the console is there")
    | dict.fromkeys(range(22, 26), "it has no pad")
    | dict.fromkeys(range(26, 33), "the flash is there")
)
"""Not 33 to 37, which belong to the PSRAM of chips with an octal one only (R8)."""
SHARED: frozenset[tuple[str, int]] = frozenset()
INPUT_ONLY: frozenset[int] = frozenset()
STRAPPING = {
    0: "low starts the loader of the ROM",
    45: "high sets 1.8 V for the flash, and the board does not start",
}
"""Without 3 and 46: JTAG's source counts with a burnt eFuse only, and messages of the ROM."""
ADC = frozenset(range(1, 21))
WAKES = frozenset(range(22))
"""The RTC's (ESP-IDF, sleep modes)."""
CONTROLLERS = {"uart": (1, 2), "i2c": (0, 1), "spi": (1, 2)}


def reaches(_bus: str, _number: int, _wire: str, _gpio: int) -> bool:
    """See gateway.mcu."""
    return True
