"""Dates for people."""

import time


def utc(unix: int) -> str:
    """Unix seconds as a date. MicroPython's ports count from 1970 or from 2000."""
    epoch = 946684800 if time.gmtime(0)[0] == 2000 else 0
    return "%d-%02d-%02d %02d:%02d:%02d UTC" % time.gmtime(unix - epoch)[:6]
