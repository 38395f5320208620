"""Requests that were refused for a wrong token: told while they come, and logged seldom."""

import time

import structlog

TOLD_S = 900.0
"""A refusal is a trouble for so long: longer than senders wait between two attempts."""
LOG_S = 60.0
"""Least time between two lines of the log, as anybody may cause them."""

log = structlog.get_logger("gateway.network")


class Refusals:
    """Counts them. Its clock is the machine's, which only counts on."""

    def __init__(self) -> None:
        self._count = 0
        self._from = ""
        self._last_s = -TOLD_S
        self._logged_s = -LOG_S

    def note(self, sender: str) -> None:
        """A request was refused. sender: its address."""
        now_s = time.monotonic()
        self._count = 1 if now_s - self._last_s >= TOLD_S else self._count + 1
        self._from = sender
        self._last_s = now_s
        if now_s - self._logged_s >= LOG_S:
            self._logged_s = now_s
            log.warning("wrong token", said=self.troubles()[0])

    def troubles(self) -> list[str]:
        """One sentence that says who acts next, while they come."""
        if not self._count or time.monotonic() - self._last_s >= TOLD_S:
            return []
        said = f"{self._count} requests had a wrong token or none, the last from {self._from}"
        act = "its operator sets its `Authorization: Bearer` to `network.token`"
        return [f"{said}: if that is a sender of ours, {act}"]
