"""`help`: the commands of this node, or what a name means."""

from node import shell
from node.answer import texts
from node.errors import ConsoleError


async def run(node, words):
    """All commands with their usage; one name's meaning."""
    if words:
        return meaning(words[0])
    rows = [(name,) for name in shell.names() + ["asset", "lang"]]
    rows += await shell.others(node)
    known = texts(["?" + row[0] for row in rows])
    facts = []
    for row in rows:
        usage, text = known.get("?" + row[0]) or row[2:] or (row[0], "")
        facts.append((row[0], "%-30s%s" % (usage, text)))
    return facts


def meaning(name: str) -> list:
    """What a command, a setting or a value is. Raises ConsoleError."""
    known = texts((name, "?" + name))
    facts = list(zip(("usage", "meaning"), known.get("?" + name, ())))
    if name in known:
        facts.append(("meaning", known[name][1]))
    if not facts:
        raise ConsoleError("name", name)
    return facts
