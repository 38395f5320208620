"""Seeed Wio-SX1262, RAK11310: an SX1262 behind an antenna switch that has a pin for its supply.

The pin is high as long as the radio is in use; DIO2 tells the switch which way.
Source: Lora-net/one_channel_hub, seeed_xiao_sx1262.c and lora_pkt_fwd's radio HAL; RAK11310
schematic.
"""

from radios import sx126x
from radios.errors import RadioError


def from_board(board, clock) -> sx126x.SX126X:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    from machine import Pin

    if "antenna" not in board.PINS:
        raise RadioError("/board.py: radio wio_sx1262 needs antenna in PINS")
    Pin(board.PINS["antenna"], Pin.OUT, value=1)
    return sx126x.from_board(board, clock)
