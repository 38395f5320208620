"""Seeed XIAO ESP32S3 with a Wio-SX1262 on its connector. Edit pins here, copy it to /board.py."""

NAME = "xiao_s3_wio"
PORT = "esp32"
MCU = "ESP32S3"
FLASH = {"size": 8388608, "fs_offset": 0x200000, "fs_size": 0x600000}
RADIO = "wio_sx1262"
RADIO_SPI = 1
PINS = {
    "sck": 7, "mosi": 9, "miso": 8, "nss": 41, "busy": 40, "reset": 42, "dio1": 39,
    "antenna": 38, "lamp": 3, "led": 48,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 1, "tx": 1, "rx": 2},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 5, "scl": 6, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 4},
}
TCXO_MV = 1800
RF_SWITCH = "dio2"
BATTERY = None
NOTES = (
    "Calculated: checked by the pin rules of the ESP32-S3, run on no board and no emulator. DIO1 "
    "at GPIO39 is outside the RTC's pins, 0 to 21, which alone end light sleep by level."
)
SOURCE = (
    "Seeed Wio-SX1262 with XIAO ESP32S3 kit; Lora-net/one_channel_hub, seeed_xiao_sx1262.c; "
    "meshtastic, variants/seeed_xiao_s3"
)
