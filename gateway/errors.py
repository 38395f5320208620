"""What can go wrong in the gateway, sorted by one question: who acts next?

GatewayError
  ConfigError   the operator edits a file       (path, line, what was expected)
    Missing     who typed the command names it
  Refused       the caller changes the request  (HTTP 4xx; never retried)
    Unknown     the caller names something that exists (HTTP 404)
  Retry         we try again later              (after_s)
    Unsure      the same, but it may have worked already
  Lost          nobody can; an event is written (reason)
  Broken        the operator repairs the machine; the process ends and is started again

Leaves translate the exceptions of their libraries into these at the edge. Every message is one
sentence that needs no knowledge of the code.
"""

import re
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
    """An error of the gateway."""

    act = "the operator reads the log"

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").partition("\n")[0])


class ConfigError(GatewayError):
    """The configuration is missing, incomplete or wrong.

    path: the file.  line: 1-based; 0 for an error without a line, as a missing key or an
    environment variable.
    """

    act = "the operator edits the configuration"

    def __init__(self, message: str = "", path: Path | str = "", line: int = 0) -> None:
        where = f"{path}:{line}: " if path and line else f"{path}: " if path else ""
        super().__init__(where + (message or "The configuration is missing or wrong."))
        self.path = path
        self.line = line


class Missing(ConfigError):  # noqa: N818 - named after what is wrong
    """There is no configuration where it was looked for."""

    act = "you name one with --config FILE or LAMPLIGHTER_CONFIG, or write one"


class Refused(GatewayError):  # noqa: N818 - named after who acts
    """The request is invalid or not allowed.

    field: name of the part of the request that must change; empty for the whole.
    """

    act = "the caller changes the request"

    def __init__(self, message: str = "", field: str = "") -> None:
        super().__init__(message)
        self.field = field


class Unknown(Refused):
    """Nothing of that name exists."""

    act = "the caller names something that exists"


class Retry(GatewayError):  # noqa: N818 - named after who acts
    """It failed for a passing cause; a later attempt may succeed.

    after_s: seconds the other side asked to wait, None when it named none.
    """

    act = "the gateway tries again by itself"

    def __init__(self, message: str = "", after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class Unsure(Retry):
    """No answer came: the request may have been carried out or not."""


class Lost(GatewayError):  # noqa: N818 - named after who acts
    """Data that cannot be recovered; the known facts are recorded.

    details: facts for the event, as JSON values.
    """

    act = "nobody; the loss is recorded"

    def __init__(self, message: str = "", **details: Any) -> None:
        super().__init__(message)
        self.details = details


class Broken(GatewayError):  # noqa: N818 - named after who acts
    """The machine no longer stores data reliably; going on would lose data."""

    act = "the operator repairs the machine and starts the gateway again"


def problem(error: GatewayError) -> Problem:
    """An error as a caller of the REST API or the command line sees it."""
    return Problem(str(error), TRY_AGAIN if isinstance(error, Retry) else error.act)


def without_user(url: str) -> str:
    """A URL as a message may show it, without user and password; also what is no URL at all."""
    return re.sub(r"^(\w+://)?.*@", r"\1", url, flags=re.DOTALL)
