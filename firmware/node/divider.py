"""The divider of a cell, which a GPIO joins only while it is measured. Loaded where PINS has it.

Which level joins it differs between the versions of a board (MeshCore, HeltecV3Board.h): it is the
one that the board's own resistor does not give.
"""

from time import sleep_ms

from machine import Pin
from micropython import const

_PULLED_MS = const(1)  # assumed: until the resistor has moved the gate
_CHARGED_MS = const(10)  # assumed: 80 kOhm and 10 nF are at 0.0004 % of the cell after it


def switch(port, gpio) -> None:
    """From now on `microvolts` of the port joins the divider, which takes 11 ms a call.

    port: a `Port` of `node.ports`.  gpio: `divider` of PINS.
    """
    measure = port.microvolts

    def microvolts(adc):
        pin = Pin(gpio, Pin.IN)
        sleep_ms(_PULLED_MS)
        pin.init(Pin.OUT, value=not pin.value())
        sleep_ms(_CHARGED_MS)
        measured_uv = measure(adc)
        pin.init(Pin.IN)
        return measured_uv

    port.microvolts = microvolts
