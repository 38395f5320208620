"""The regulator of one node: duty cycle by sub-band, and the law of repeated attempts.

Sources: ETSI EN 300 220-2 V3.2.1, annex B, over a sliding hour; TS001-1.0.4, chapter 7.
"""

from dataclasses import dataclass, field

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
BANDS = (
    (863_000_000, 865_000_000, 0.001), (865_000_000, 868_000_000, 0.01),
    (868_000_000, 868_600_000, 0.01), (868_700_000, 869_200_000, 0.001),
    (869_400_000, 869_650_000, 0.1), (869_700_000, 870_000_000, 0.01),
)  # fmt: skip
"""From Hz, to Hz, share of the hour."""
FIRST_US = 36_000_000
"""Air in the first hour of attempts, and again in the ten hours after it."""
DAILY_US = 8_700_000
"""Air in any 24 hours from the twelfth hour on."""


@dataclass
class Watch:
    """Looks at every transmission of one node. found: a sentence for each violation.

    An attempt is a Join-Request, or a confirmed uplink sent after one that had no answer: the copy
    of a frame as well as new data. The law's hours count from the first attempt until a downlink
    is heard.
    """

    name: str
    found: list[str] = field(default_factory=list)
    attempts: list[tuple[int, int]] = field(default_factory=list)
    _bands: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _asked: bool = False

    def sent(self, start_us: int, end_us: int, frequency_hz: int, phy: bytes) -> None:
        """Take note of one transmission."""
        self._duty(start_us, end_us, frequency_hz)
        confirmed = phy[0] >> 5 == 4
        if phy[0] >> 5 == 0 or (confirmed and self._asked):
            self._attempt(start_us, end_us)
        self._asked |= confirmed

    def heard(self) -> None:
        """A downlink for this node came through: the next attempt begins a new count."""
        self.attempts.clear()
        self._asked = False

    def _duty(self, start_us: int, end_us: int, frequency_hz: int) -> None:
        at = next((n for n, (low, high, _) in enumerate(BANDS) if low <= frequency_hz < high), -1)
        if at < 0:
            self.found.append(f"{self.name}: {frequency_hz} Hz is in no sub-band")
            return
        spent = self._bands.setdefault(at, [])
        spent.append((start_us, end_us))
        begin_us = end_us - HOUR_US
        while spent[0][1] <= begin_us:
            del spent[0]
        used_us = sum(end - max(start, begin_us) for start, end in spent)
        if used_us > BANDS[at][2] * HOUR_US:
            self.found.append(
                f"{self.name}: {used_us / 1e6:.1f} s of an hour in sub-band {at}, "
                f"at {end_us / 1e6:.0f} s"
            )

    def _attempt(self, start_us: int, end_us: int) -> None:
        self.attempts.append((start_us, end_us - start_us))
        zero_us = self.attempts[0][0]
        since_us = start_us - zero_us
        if since_us < HOUR_US:
            begin_us, allowed_us = zero_us, FIRST_US
        elif since_us < 11 * HOUR_US:
            begin_us = zero_us + HOUR_US
            allowed_us = FIRST_US
        else:
            begin_us = max(zero_us + 11 * HOUR_US, start_us - DAY_US)
            allowed_us = DAILY_US
        used_us = sum(air for at, air in self.attempts if at >= begin_us)
        if used_us > allowed_us:
            self.found.append(
                f"{self.name}: {used_us / 1e6:.1f} s of attempts, {allowed_us / 1e6} s are "
                f"allowed, {since_us / HOUR_US:.2f} h after the first"
            )
