"""Light the lamp's pin before anything heavy: a street lamp is on within 2 s of power."""

try:
    from board import PINS
    from machine import Pin

    if "lamp" in PINS:
        Pin(PINS["lamp"], Pin.OUT, value=1)
except Exception:
    pass  # main.py prints what is wrong with /board.py
