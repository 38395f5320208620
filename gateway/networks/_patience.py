"""How long to wait before the next connection to a broker, and what a run of short ones means."""

from gateway.backoff import delay_s

FIRST_S = 0.2
LONGEST_S = 15.0
"""Longest wait where the broker cannot be reached."""
LONGEST_SUSPECT_S = 60.0
"""Longest wait where another client seems to have our session; a bad line could be the cause."""
FIRST_TAKEN_S = 2.0
LONGEST_TAKEN_S = 600.0
"""Longest wait where it has: each connection of ours interrupts the other, so they are rare."""
SHORT_S = 10.0
"""A connection that ended sooner was short in any case."""
SUSPECT = 3
"""So many short connections in a row are a pattern."""
SHARED = (
    "another client {seems} the MQTT client id {id!r}: each takes the other's session, and the "
    "readings are split between them; the operator gives each service a `network.client_id` of "
    "its own, or ends the other one"
)


class Patience:
    """Counts how connections end. client_id: ours, for the sentence.

    Two services that share a client id wait alike, so one's connection lasts as long as the other
    waits: short is what is short beside our own last wait.
    trouble: what is wrong now, with who acts next; empty while nothing is.
    """

    def __init__(self, client_id: str) -> None:
        self.trouble = ""
        self._client_id = client_id
        self._failures = 0
        self._short = 0
        self._taken = 0
        self._wait_s = 0.0

    @property
    def steady_s(self) -> float:
        """A connection that lasts longer is no short one."""
        return max(SHORT_S, 4 * self._wait_s)

    def subscribed(self) -> None:
        """The subscription stands: what kept us from it is over, a pattern is not yet."""
        self._failures = 0
        if not self._taken and self._short < SUSPECT:
            self.trouble = ""

    def steady(self) -> None:
        """The connection has lasted `steady_s`."""
        self._failures = 0
        self._short = 0
        self._taken = 0
        self._wait_s = 0.0
        self.trouble = ""

    def failed(self, said: str) -> float:
        """Seconds to wait after an attempt that reached no subscription. said: why."""
        if not self._taken and self._short < SUSPECT:
            self.trouble = said
        self._failures += 1
        return delay_s(self._failures, FIRST_S, LONGEST_S)

    def ended(self, said: str, *, taken: bool) -> float:
        """Seconds to wait after a connection ended that had its subscription.

        said: why it ended.  taken: the broker says that another client took the session over,
        which some brokers do not say: then it ends without a reason, while the broker goes on.
        """
        self.trouble = said
        self._short += 1
        longest_s = LONGEST_S
        first_s = FIRST_S
        if taken:
            self._taken += 1
            self.trouble = SHARED.format(seems="uses", id=self._client_id)
            first_s = FIRST_TAKEN_S
            longest_s = LONGEST_TAKEN_S
        elif self._short >= SUSPECT:
            seems = SHARED.format(seems="seems to use", id=self._client_id)
            self.trouble = f"{said}, {self._short} times in a row and each time soon: {seems}"
            longest_s = LONGEST_SUSPECT_S
        self._wait_s = delay_s(self._taken or self._short, first_s, longest_s)
        return self._wait_s
