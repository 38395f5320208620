"""MicroPython's own tests on an emulated board: what the chip's model must not change.

Run by `python -m tools.bench.conformance [--board t_beam] [FOLDER | FOLDER/NAME.py] ...`.
"""
