"""Who sits at this command line, for the rule of two persons."""

import os
import pwd


def caller() -> str:
    """The user of the operating system, whom no variable of the environment can change."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"user {os.getuid()}"
    return f"{name} at the command line"
