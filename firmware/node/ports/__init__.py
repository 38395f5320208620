"""What differs between MicroPython's ports: one file each, named as its `sys.platform`.

`class Port()` of a file sets up the chip and offers:

    cause                       why the board started, one of the numbers below
    start_watchdog() feed()     from the first on, the board resets after 8.3 s without the second
    stop_watchdog()             leave the prompt alone: no reset, however long a person types
    reset()                     restart on purpose; the next start has the cause SOFT
    doze(ms)                    light sleep, ended early by a pin of `on_rising`; may end sooner
    deep(node)                  from now on a long `doze` may be deep sleep; True: the node goes on
                                after one. None: the chip has no deep sleep that keeps a memory
    on_rising(pin, handler)     call `handler(pin)` at each rising edge, as close to it as possible
    on_change(pin, handler)     at each edge, and at one that ended any sleep, deep sleep too
    deaf                        numbers of pins of these two that cannot end light sleep
    microvolts(adc)             voltage at an ADC input, named as in BATTERY of the board file
"""

import sys

from node import part

POWER, SOFT, WATCHDOG, DEEPSLEEP, WIPED = range(5)
"""Causes of a start, in the order of `wire.words.CAUSES`."""


def find(platform: str = sys.platform):
    """The `Port` of the MicroPython that runs here. Raises ConfigError for an unknown port."""
    return part("MicroPython port", "node.ports", platform).Port()
