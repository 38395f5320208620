"""How a node talks, one file a link; the board file's LINK names it (`lorawan` where it does not).

A file has `NEEDED`, the settings without which there is no link, and `class Link(node)`, which
raises ConfigError or OSError when it cannot be built, and offers:

    ready                is there a session, so that what is sent arrives?
    wait_us()            microseconds until `run_once` has something to do, 0: now, None: nothing
    async run_once()     connect, or send one frame of `node.outbox`; the name of what it did.
                         OSError: the hardware failed
    broken               the hardware failed: set by `run_once`, or by the node after a task
    listen()             start receiving, where the profile listens between its own frames; if it
                         is `broken`, restart the hardware first
    facts()              [(name, value)] for the console's `info`
    console()            rows for the console's table, as in `node.shell`; without an instance

It calls `node.received(fport, data)` for each downlink with data, and `node.heard()` for each sign
of life of the network. It holds `node.lock` while it transmits and waits for the answer, and may
set `node.window_in_ms`, the time until the CPU belongs to it.
"""

from node import part


def find(board):
    """The module of the board's link. Raises ConfigError when there is no such file."""
    return part("link", "node.links", getattr(board, "LINK", "lorawan"))
