"""`set`, also called `config`: show or change settings. Keys are never shown."""

from unload import unload

from node.config import SECRET
from node.errors import ConsoleError


async def run(node, words):
    """All settings, one with its meaning, or one after its change."""
    await node.gap()
    from node import settings

    config = node.config
    fields = settings.FIELDS
    names = [words[0].lower()] if words else sorted(fields)
    name = names[0]
    if len(words) > 1:
        change = {name: settings.typed(name, " ".join(words[1:]))}
        async with node.lock:
            config.update(change)
        node.wake.set()  # it may have waited for this
    elif name not in fields:
        raise ConsoleError("setting", name)
    facts = []
    for one in names:
        await node.gap()  # a default is looked up on flash
        value = config[one]
        facts.append((one, ("set" if value else None) if one in SECRET else value))
    if len(words) == 1:
        facts += [("allowed", fields[name][0])] + _meaning(name)
    return facts + [("version", config.version)]


def _meaning(name):
    from node.shell.help import meaning

    unload("node.shell.help")
    return meaning(name)
