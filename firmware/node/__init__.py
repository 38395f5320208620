"""The device application. `app` starts it."""

from node.errors import ConfigError


def part(what: str, folder: str, name: str):
    """The module of a folder that a board file or a setting names. Raises ConfigError.

    what: for the person who wrote the name.  folder: dotted, as `node.links`.
    """
    try:
        return __import__(folder + "." + name, None, None, ("*",))
    except ImportError:
        raise ConfigError(
            "%s %s is unknown: there is no %s/%s" % (what, name, folder.replace(".", "/"), name)
        )
