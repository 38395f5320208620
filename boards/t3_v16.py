"""LilyGO T3 V1.6.1 (ESP32, SX1276, 868/915 MHz). Edit pins here, copy it to /board.py."""

NAME = "t3_v16"
PORT = "esp32"
MCU = "ESP32"
FLASH = {"size": 4194304, "fs_offset": 0x200000, "fs_size": 0x200000}
RADIO = "sx1276"
RADIO_SPI = 2
PINS = {
    "sck": 5, "mosi": 27, "miso": 19, "nss": 18, "reset": 23, "dio0": 26, "dio1": 33,
    "lamp": 14, "led": 25, "vbus": 3, "battery": 35,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 1, "tx": 13, "rx": 34},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 21, "scl": 22, "addr": 0x23},
    "field": {"chip": "rm3100", "i2c": 0, "sda": 21, "scl": 22, "addr": 0x20},
    "motion": {"chip": "am312", "pin": 36},
}
BATTERY = {"adc": 35, "divide": 2, "low_mv": 3300}
NOTES = (
    "The version with a crystal: where the radio has a TCXO, GPIO33 is its supply and not DIO1. "
    "GPIO13 and GPIO14 are of the card slot, which stays empty. GPIO3 is the console's input: the "
    "bridge holds it high while USB gives power, and has none from the cell (assumed). The cell "
    "is at GPIO35 over twice 100 kOhm."
)
SOURCE = "LilyGO LilyGo-LoRa-Series, utilities.h, T3_V1_6_SX1276, and the T3 V1.6.1 schematic"
