"""Milesight EM400-MUD: ultrasonic distance sensor for bins, with tilt and temperature.

Source: Milesight-IoT/SensorDecoders, em-series/em400-mud: README (channels, examples), decoder
(answers to commands), encoder (ranges). None was at hand: the answers and downlinks are made after
those.
"""

from gateway.devices import _milesight_em400_examples
from gateway.devices._milesight_em400 import TABLE

decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes
UPLINKS = _milesight_em400_examples.UPLINKS
DOWNLINKS = _milesight_em400_examples.DOWNLINKS
