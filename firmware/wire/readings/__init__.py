"""What a node measured, one file a payload, named as in the profile's facts.

FPORT of a file is below 20, FIELDS are as in `wire.table`, and follow these two:
"""

HEAD = "seq 16,age 16 0 655340 10 ?,"
