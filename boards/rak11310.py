"""RAKwireless RAK11310 (RP2040, SX1262) on a WisBlock base. Edit pins here, copy to /board.py."""

NAME = "rak11310"
PORT = "rp2"
MCU = "RP2040"
FLASH = {"size": 2097152, "fs_offset": 0xA0000, "fs_size": 352 * 4096}
RADIO = "wio_sx1262"
RADIO_SPI = 1
PINS = {
    "sck": 10, "mosi": 11, "miso": 12, "nss": 13, "busy": 15, "reset": 14, "dio1": 29,
    "antenna": 25, "lamp": 8, "led": 23, "battery": 26,
}  # fmt: skip
SENSORS = {
    "distance": {"chip": "a02yyuw", "uart": 1, "tx": 4, "rx": 5, "power": 22},
    "light": {"chip": "bh1750", "i2c": 1, "sda": 2, "scl": 3, "addr": 0x23},
    "motion": {"chip": "am312", "pin": 6},
}
TCXO_MV = 1800
RF_SWITCH = "dio2"
BATTERY = {"adc": 0, "divide": 1846, "by": 1000, "low_mv": 3300}
NOTES = (
    "GPIO22 (IO2 of the base) switches 3V3_S, which supplies the slots and the A02YYUW. No GPIO "
    "tells whether USB gives power, so the node never sleeps. The cell is at GPIO26 over 1.0 and "
    "1.5 MOhm, which the ADC loads: 1.846 instead of 1.667 (RAKwireless WisBlock examples, "
    "Read_Battery_Level.ino)."
)
SOURCE = (
    "RAKwireless RAK11310 datasheet and schematic; meshtastic, variants/rp2040/rak11310; "
    "earlephilhower/arduino-pico, rakwireless_rak11300"
)
