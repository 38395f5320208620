"""What a person can put right: the board file, a setting, a command of console or network.

Errors of hardware are `OSError`, `RadioError` among them.
"""


class ConfigError(ValueError):
    """A setting or the board file is wrong; the sentence says which and what was expected."""


class Refused(Exception):  # noqa: N818 - the term of the table
    """A command of the network server is not done. args[0]: one of `wire.words.REASONS`."""


class ConsoleError(Exception):
    """A console command failed. args: name of the error in `node/texts`, and what its text takes.

    A link's or a profile's own: what is wrong, what to do next.
    """
