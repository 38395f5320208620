"""Passwords of people: Argon2id, slow on purpose, and a wait that grows with each failure.

Source: OWASP Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane); RFC 9106.
"""

import asyncio
import os
from collections import OrderedDict

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from gateway.errors import Refused, Retry

SHORTEST, LONGEST = 12, 200
MEMORY_KIB = 19 * 1024
PASSES = 2
FREE = 5
"""So many failures in a row have no consequence."""
FIRST_S, MOST_S = 2.0, 900.0
NAMES = 2000
"""Names and addresses of which failures are known; the oldest are forgotten."""
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$aRwVfv3db9XIa93J69p+bw"
    "$VlINZ0aBg6TGHzugVIKAOSqulMpWbE8l5vSMK+aue0w"
)
"""Checked for a name that nobody has, so that the time tells nothing."""


def made(password: str) -> str:
    """What is kept of a password. Raises Refused for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        said = f"a password has {SHORTEST} to {LONGEST} characters: choose another"
        raise Refused(said, "password")
    kdf = Argon2id(
        salt=os.urandom(16), length=32, iterations=PASSES, lanes=1, memory_cost=MEMORY_KIB
    )
    return kdf.derive_phc_encoded(password.encode(errors="replace"))


def fits(password: str, kept: str) -> bool:
    """Whether it is the password; takes as long for one that nobody has (`kept` is empty)."""
    try:
        Argon2id.verify_phc_encoded(password.encode(errors="replace"), kept or _NOBODY)
    except InvalidKey:
        return False
    return bool(kept)


class TooMany(Retry):
    """Too many wrong passwords."""


class Throttle:
    """Makes who guesses wait: by name and by address. clock: s, of the event loop's kind."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.turn = asyncio.Semaphore(1)
        """One password is checked at a time: its memory and processor are bounded."""

    def check(self, *names: str) -> None:
        """Raise TooMany while one of these has to wait."""
        now = asyncio.get_running_loop().time()
        left = max((self._failures.get(name, (0, 0.0))[1] - now for name in names), default=0.0)
        if left > 0:
            raise TooMany(f"too many wrong passwords: wait {left:.0f} s", after_s=left + 1)

    def failed(self, *names: str) -> None:
        """Count a failure of each."""
        now = asyncio.get_running_loop().time()
        for name in names:
            count = self._failures.pop(name, (0, 0.0))[0] + 1
            wait = min(FIRST_S * 2 ** min(count - FREE, 20), MOST_S) if count >= FREE else 0.0
            self._failures[name] = (count, now + wait)
        while len(self._failures) > NAMES:
            self._failures.popitem(last=False)

    def passed(self, *names: str) -> None:
        """Forget the failures of each."""
        for name in names:
            self._failures.pop(name, None)
