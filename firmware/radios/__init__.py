"""Radios by name. Each has the five calls: transmit, receive, listen, sleep, random."""
