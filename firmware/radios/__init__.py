"""Radios by name. Each has the five calls: transmit, receive, listen, sleep, random.

`antenna_dbi` is the gain of its antenna, 2 where the board file has no ANTENNA_DBI.
"""
