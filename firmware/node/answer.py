"""Words of a console command to numbers, its facts to lines. Loaded with the shell.

A fact is (name, value), or (name, value, judged) where the verdict depends on something else. The
texts are one file a language in `node/texts`: read through, never loaded whole.
"""

import json

from micropython import const

from node.dates import utc
from node.errors import ConsoleError

_PIECE = const(512)
_FOLDER = __file__.rsplit("/", 1)[0] + "/texts"
_lang = "en"


def speak(lang: str) -> None:
    """The language of the texts from now on."""
    global _lang
    _lang = lang


def texts(names) -> dict:
    """{name: [unit, meaning, verdict, ...]} of these names; {} where the file is missing."""
    found = {}
    try:
        with open("%s/%s.txt" % (_FOLDER, _lang)) as file:
            rest = ""
            while piece := file.read(_PIECE):
                lines = (rest + piece).split("\n")
                rest = lines.pop()
                for line in lines:
                    name, _, text = line.partition("|")
                    if name in names:
                        found[name] = text.split("|")
    except OSError:
        pass  # the shell says so where it lacks one
    return found


def number(words: list, default: int, low: int, high: int) -> int:
    """The first of the words as a whole number; `default` without one. Raises ConsoleError."""
    if not words:
        return default
    try:
        value = int(words[0])
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConsoleError("number", words[0], low, high)
    return value


def shown(value) -> str:
    """A value for people, without its unit."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join([shown(one) for one in value]) or "-"
    return str(value)


def human(facts: list) -> list:
    """Lines for a person: name, value with its unit, verdict."""
    name, value = facts[0][:2]
    if name == "lines":
        return value
    facts = _flat(sorted(value.items()) if name == "values" else facts)
    known = texts(["yes"] + [fact[0] for fact in facts])
    yes = known.get("yes", ("yes", "no"))
    return [_line(yes, known.get(fact[0], ("",)), *fact) for fact in facts]


def _flat(facts):
    """The values of a dict as facts of their own: `heap.free`."""
    found = []
    for fact in facts:
        name, value = fact[:2]
        if isinstance(value, dict):
            found += [("%s.%s" % (name, key), value[key]) for key in sorted(value)]
        else:
            found.append(fact)
    return found


def _line(yes, known, name, value, judged=None):
    text = shown(value)
    words = _verdict(judged or text, value, known[2:])
    if isinstance(value, bool):
        text = yes[0] if value else yes[1]
    if name == "unix" and value:
        words = utc(value)
    if value is not None and known[0]:
        text += " " + known[0]
    return ("%-15s %-14s %s" % (name, text, words)).rstrip()


def _verdict(judged, value, clauses):
    """Words of the first clause that holds; empty when none does."""
    for clause in clauses:
        condition, _, words = clause.partition(" ")
        if condition[:2] == ">=":
            if isinstance(value, int) and value >= int(condition[2:]):
                return words
        elif condition[0] != "=":
            return clause
        elif condition[1:] == judged:
            return words
    return ""


def as_json(facts: list) -> str:
    """One line, in the order of the facts: a dict of MicroPython has none."""
    pairs = ['"%s": %s' % (fact[0], json.dumps(fact[1])) for fact in facts]
    return "{" + ", ".join(pairs) + "}"
