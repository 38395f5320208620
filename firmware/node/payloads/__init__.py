"""From what sensors say to a payload's fields: `fields(readings, sensed)`, a file a payload.

sensed: {sensor: its values, or None when it does not answer}. Returns fields of `wire.schema`
without `seq` and `age`.
"""
