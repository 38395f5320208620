"""Nodes without boards: the firmware's MAC and link on CPython, in virtual time, days in seconds.

`loop` is the time, `air` the radio channel and a radio gateway in front of the bench server's
`Core`, `unit` one node, `watch` the regulator, `campaign` the outages. Nothing here is emulated:
what boards and radios cost in time and memory is the matter of tools/bench/world.
"""
