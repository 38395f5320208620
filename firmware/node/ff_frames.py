"""Frames FF H L SUM, in which ultrasonic rangers with a serial line send a distance in mm."""


def parse(raw: bytes) -> list:
    """Distances (mm) of every frame with a valid checksum; resynchronises on FF."""
    found = []
    at = 0
    while at + 4 <= len(raw):
        head, high, low, total = raw[at : at + 4]
        if head == 0xFF and total == (0xFF + high + low) & 0xFF:
            found.append(high << 8 | low)
            at += 4
        else:
            at += 1
    return found


def take(uart) -> "bytes | None":
    """What a UART has received so far. A read without a length spins until the line is idle."""
    count = uart.any()
    return uart.read(count) if count else None
