"""LilyGO T-Beam V1.1 (ESP32, SX1262). Edit pins here, copy it to /board.py."""

NAME = "t_beam"
PORT = "esp32"
MCU = "ESP32"
FLASH = {"size": 4194304, "fs_offset": 0x200000, "fs_size": 0x200000}
RADIO = "sx126x"
RADIO_SPI = 2
PINS = {
    "sck": 5, "mosi": 27, "miso": 19, "nss": 18, "busy": 32, "reset": 23, "dio1": 33,
    "lamp": 25, "led": 4, "vbus": 3, "wake": 38,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 1, "tx": 13, "rx": 35},
    "light": {"chip": "bh1750", "i2c": 0, "sda": 21, "scl": 22, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 36},
}
TCXO_MV = 1800
RF_SWITCH = "dio2"
BATTERY = None
NOTES = (
    "GPIO3 is the console's input: the bridge holds it high while USB gives power, and has "
    "none from the cell (assumed). Without USB the node sleeps; the reset button brings its "
    "console back."
)
SOURCE = "LilyGO LilyGo-LoRa-Series, utilities.h, and the T-Beam V1.1 schematic"
