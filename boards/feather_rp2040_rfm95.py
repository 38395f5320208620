"""Adafruit Feather RP2040 RFM95 (SX1276, 868/915 MHz). Edit pins here, copy it to /board.py."""

NAME = "feather_rp2040_rfm95"
PORT = "rp2"
MCU = "RP2040"
FLASH = {"size": 2097152, "fs_offset": 0xA0000, "fs_size": 352 * 4096}
RADIO = "sx1276"
RADIO_SPI = 1
PINS = {
    "sck": 14, "mosi": 15, "miso": 8, "nss": 16, "reset": 17, "dio0": 21, "dio1": 22,
    "lamp": 9, "led": 13,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 0, "tx": 0, "rx": 1, "power": 10},
    "light": {"chip": "bh1750", "i2c": 1, "sda": 2, "scl": 3, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 11},
}
BATTERY = None
NOTES = (
    "With MicroPython for RPI_PICO, which uses 2 of the 8 MB of flash. No GPIO tells whether USB "
    "gives power, so the node never sleeps. GPIO10 enables a load switch of the A02YYUW."
)
SOURCE = (
    "Adafruit Feather RP2040 RFM95 schematic; earlephilhower/arduino-pico, adafruit_feather_rfm"
)
