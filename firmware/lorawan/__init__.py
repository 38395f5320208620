"""A LoRaWAN 1.0.4 device, class A and C. Radio, clock and storage are passed in."""

const = int
"""MicroPython's compiler replaces the name of `_NAME = const(n)` by the number."""
