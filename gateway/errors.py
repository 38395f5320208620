"""What can go wrong in the gateway, sorted by one question: who acts next?

GatewayError
  ConfigError   the operator edits a file       (path, line, what was expected)
  Refused       the caller changes the request  (HTTP 4xx; never retried)
    Unknown     the caller names something that exists (HTTP 404)
  Retry         we try again later              (after_s)
    Unsure      the same, but it may have worked already
  Lost          nobody can; an event is written (reason)
  Broken        the operator repairs the machine; the process ends and is started again

Leaves translate what their libraries raise into these at the edge. Every message is one sentence
that a stranger understands.
"""

from pathlib import Path
from typing import Any

from msgspec import Struct

TRY_AGAIN = "the caller tries again later"
"""Who acts next on a Retry once a caller has its answer: nothing runs on for it here."""


class Problem(Struct):
    """Why a request failed. error: one sentence.  act: who acts next."""

    error: str
    act: str


class GatewayError(Exception):
    """Something went wrong in the gateway."""

    act = "the operator reads the log"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])


class ConfigError(GatewayError):
    """The configuration does not say what the gateway needs.

    path: the file.  line: 1-based, 0 when the error has no line (an environment variable, a
    missing key).
    """

    act = "the operator edits the configuration"

    def __init__(self, message: str = "", path: Path | str = "", line: int = 0) -> None:
        where = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(where + (message or "The configuration does not say what is needed."))
        self.path, self.line = path, line


class Refused(GatewayError):  # noqa: N818 - named after who acts
    """The request cannot be done as it is.

    field: the name in the request that must change, empty when it is the whole.
    """

    act = "the caller changes the request"

    def __init__(self, message: str = "", field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Unknown(Refused):
    """Nothing of that name exists."""

    act = "the caller names something that exists"


class Retry(GatewayError):  # noqa: N818 - named after who acts
    """It did not work now and may work later.

    after_s: seconds the other side asked to wait, None when it did not say.
    """

    act = "the gateway tries again by itself"

    def __init__(self, message: str = "", after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Unsure(Retry):
    """No answer came: it may have been done, or not."""


class Lost(GatewayError):  # noqa: N818 - named after who acts
    """This cannot be saved by anybody; what is known of it is written down.

    details: facts for the event, as JSON values.
    """

    act = "nobody; the loss is recorded"

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message)
        self.details = details


class Broken(GatewayError):  # noqa: N818 - named after who acts
    """The machine does not keep what it was given; going on would lose data."""

    act = "the operator repairs the machine and starts the gateway again"


def problem(error: GatewayError) -> Problem:
    """An error as a caller of the REST API or the command line sees it."""
    return Problem(str(error), TRY_AGAIN if isinstance(error, Retry) else error.act)
