"""What goes wrong between Python and the world; each message says what to change.

SimulationError     the Node process refused a request or ended
BoardError          a board, a part or a port that does not exist, or code that raised on a board
"""


class SimulationError(RuntimeError):
    """The Node process refused a request or ended; the message is the reason it gave."""


class BoardError(ValueError):
    """A board file or part that does not exist, a port in use, or the traceback of `exec`."""
