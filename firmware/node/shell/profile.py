"""`profile`: what the node is, and of a bin the height up to the mark where it is emptied."""

from node.answer import number
from node.errors import ConsoleError


async def run(node, words):
    """Take a profile, or say which it is. Raises ConfigError for one that is unknown."""
    config = node.config
    if words:
        change = {"profile": words[0]}
        if words[1:]:
            if words[0] != "bin":
                raise ConsoleError("height", words[0])
            change["height_mm"] = number(words[1:], 0, 50, 5000)
            if "empty_mm" not in config.values and change["height_mm"] > config["empty_mm"]:
                change["height_mm"] = config["empty_mm"]
        async with node.lock:
            config.update(change)
        node.wake.set()
    runs = node.profile and node.profile.name
    facts = [("profile", config["profile"])]
    if config["profile"] == "bin":
        facts.append(("height_mm", config["height_mm"]))
    return facts + [("restart", bool(runs and runs != config["profile"]))]
