"""People counted."""


def fields(readings, sensed: dict) -> dict:
    """The total since installation: what came before this start stands in the journal."""
    motion, journal = sensed["am312"], readings.journal
    journal.total += motion["total"] - readings.counted
    readings.counted = motion["total"]
    return {
        "total": journal.total & 0xFFFFFFFF,
        "boots": readings.config.boots & 15,
        "battery": readings.millivolts(),
        "presence": motion["presence"],
        "suspect": int(not motion["warm"] or readings.too_long(motion)),
        "low_battery": readings.low(),
    }
