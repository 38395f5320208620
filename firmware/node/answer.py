"""Words of a console command to numbers, its facts to lines. Loaded with the shell."""

import json

from node.errors import ConsoleError


def number(words: list, default: int, low: int, high: int) -> int:
    """The first of the words as a whole number; `default` without one. Raises ConsoleError."""
    if not words:
        return default
    try:
        value = int(words[0])
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConsoleError("%s is no number from %d to %d" % (words[0], low, high), "type help")
    return value


def text(value) -> str:
    """A value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(["%s %s" % (name, text(value[name])) for name in sorted(value)])
    return str(value)


def human(facts: list) -> list:
    """Lines for a person."""
    name, value = facts[0]
    if name == "lines":
        return value
    if name == "values":
        facts = [(field, value[field]) for field in sorted(value)]
    return ["%-15s %s" % (name, text(value)) for name, value in facts]


def as_json(facts: list) -> str:
    """One line, in the order of the facts: a dict of MicroPython has none."""
    pairs = ['"%s": %s' % (name, json.dumps(value)) for name, value in facts]
    return "{" + ", ".join(pairs) + "}"
