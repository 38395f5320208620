"""`log`: the last lines."""

from node.answer import number


async def run(node, words):
    """So many of them, the newest last."""
    if words[:1] == ["tail"]:
        words = words[1:]
    count = number(words, 10, 1, 100)
    return [("lines", node.log.lines[-count:])]
