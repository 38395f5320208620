"""Lamps' programmes: written by the operator, previewed here, followed by the node.

A programme is a file in TALQ's words: an active period, control programmes, a calendar. `source`
reads it, `encoded` makes the bytes that a node keeps (`wire.programme`), `preview` says what a
lamp does with them, by the code that the node runs.
"""
