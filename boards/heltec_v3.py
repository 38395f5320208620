"""Heltec WiFi LoRa 32 V3 (ESP32-S3FN8, SX1262). Edit pins here, copy it to /board.py."""

NAME = "heltec_v3"
PORT = "esp32"
MCU = "ESP32S3"
FLASH = {"size": 8388608, "fs_offset": 0x200000, "fs_size": 0x600000}
RADIO = "sx126x"
RADIO_SPI = 1
PINS = {
    "sck": 9, "mosi": 10, "miso": 11, "nss": 8, "busy": 13, "reset": 12, "dio1": 14,
    "lamp": 7, "led": 35, "battery": 1, "divider": 37,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 1, "tx": 5, "rx": 6},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 41, "scl": 42, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 4},
}
TCXO_MV = 1800
RF_SWITCH = "dio2"
BATTERY = {"adc": 1, "divide": 49, "by": 10, "low_mv": 3300}
NOTES = (
    "Calculated: checked by the pin rules of the ESP32-S3, run on no board and no emulator. The "
    "cell is at GPIO1 over 390 and 100 kOhm, which GPIO37 joins: by low "
    "level, from V3.2 on by high (MeshCore, variants/heltec_v3)."
)
SOURCE = (
    "Heltec WiFi LoRa 32 V3 pin map; espressif/arduino-esp32, heltec_wifi_lora_32_V3; meshtastic, "
    "variants/heltec_v3"
)
