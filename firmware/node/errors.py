"""What a person at the board can put right: the board file, a setting, a command.

Errors of hardware are `OSError`, `RadioError` among them.
"""


class ConfigError(ValueError):
    """A setting or the board file is wrong; the sentence says which and what was expected."""


class ConsoleError(Exception):
    """A console command failed. args: what is wrong, what to do next."""
