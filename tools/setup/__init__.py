"""Brings what the project needs from outside: packages, Node modules, MicroPython, a broker.

`python3 -m tools.setup run` uses the standard library only: the machine's own Python starts it.
"""
