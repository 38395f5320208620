"""Waveshare RP2040-LoRa-HF (RP2040, SX1262). Edit pins here, copy it to /board.py."""

NAME = "waveshare_rp2040_lora"
PORT = "rp2"
MCU = "RP2040"
FLASH = {"size": 2097152, "fs_offset": 0xA0000, "fs_size": 352 * 4096}
RADIO = "sx126x_rxen"
RADIO_SPI = 1
PINS = {
    "sck": 14, "mosi": 15, "miso": 24, "nss": 13, "busy": 18, "reset": 23, "dio1": 16,
    "rxen": 17, "lamp": 6, "led": 25,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 0, "tx": 0, "rx": 1, "power": 8},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 4, "scl": 5, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 7},
}
TCXO_MV = 0
RF_SWITCH = "dio2"
BATTERY = None
NOTES = (
    "The antenna switch, a PE4259, wants both of its inputs driven: DIO2 for sending, GPIO17 the "
    "other way round. No GPIO tells whether USB gives power, so the node never sleeps. GPIO8 "
    "enables a load switch of the A02YYUW."
)
SOURCE = (
    "Waveshare RP2040-LoRa wiki and schematic; meshtastic, variants/rp2040/rp2040-lora; pSemi "
    "PE4259 datasheet, table 5 (complementary control)"
)
