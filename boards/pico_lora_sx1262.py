"""Raspberry Pi Pico with a Waveshare Pico-LoRa-SX1262. Edit pins here, copy it to /board.py."""

NAME = "pico_lora_sx1262"
PORT = "rp2"
MCU = "RP2040"
FLASH = {"size": 2097152, "fs_offset": 0xA0000, "fs_size": 352 * 4096}
RADIO = "sx126x"
RADIO_SPI = 1
PINS = {
    "sck": 10, "mosi": 11, "miso": 12, "nss": 3, "busy": 2, "reset": 15, "dio1": 20,
    "lamp": 6, "led": 25, "vbus": 24, "battery": 29, "wake": 28,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 0, "tx": 0, "rx": 1, "power": 8},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 4, "scl": 5, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 7},
    "people": {"chip": "beam_pair", "pin": 13, "pin_b": 14, "gap_mm": 300, "power": 21},
}
TCXO_MV = 1700
RF_SWITCH = "dio2"
ANTENNA_DBI = 2  # of the whip; radiated power is limited, so a stronger antenna gets less
BATTERY = {"adc": 3, "divide": 3, "low_mv": 3300}
NOTES = (
    "VSYS is measured at GPIO29 over a divider of 3; GPIO24 is high when USB gives power; GPIO8 "
    "enables a load switch of the A02YYUW, GPIO21 that of the beams: without one take power out "
    "of its line. GPIO28 wakes a sealed node: a reed contact or a button to ground."
)
SOURCE = "Waveshare Pico-LoRa-SX1262 schematic; Raspberry Pi Pico datasheet, chapter 2.1"
