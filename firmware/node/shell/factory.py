"""`factory`: forget all settings but those that the device was made with.

Readings, frame counters and DevNonces stay: nothing is lost, and it can join again.
"""

from unload import unload

from node.errors import ConfigError, ConsoleError

_KEPT = ("dev_eui", "join_eui", "app_key", "name", "region", "lang")


async def run(node, words):
    """Done only with the last four digits of the DevEUI as confirmation."""
    config = node.config
    word = (config["dev_eui"] or "0000")[-4:]
    if words != [word]:
        raise ConsoleError("confirm", word)
    before = config.values
    async with node.lock:
        config.settle({})
        try:
            config.put({name: before[name] for name in _KEPT if name in before})
        except ConfigError:
            config.settle(before)
            raise
    from node.shell import reboot

    unload("node.shell.reboot")
    return [("kept", sorted(config.values))] + await reboot.run(node, ())
