"""How long things take in the server: ChirpStack's defaults, and a fast set for tests."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Waits in seconds. Source: ChirpStack 4.20.0, `chirpstack.toml` and its code, as named.

    deduplication_s: copies of one uplink are collected for this long after the first.
    get_downlink_data_s: from the `up` event to the choice of the answer; the application's time.
    scheduler_interval_s: how often class-C queues are looked at.
    class_a_lock_s, class_c_lock_s: nothing is scheduled after an uplink, after a class-C send.
    scheduler_lock_s: pause after a class-C attempt that could not start.
    frame_ttl_s: how long a downlink waits for the radio gateway's acknowledgement.
    rx_timestamp_max_drift_s: a radio gateway's clock further off than this is ignored.
    event_jitter_s: each event is delayed by a random time up to this, which reorders them.
    """

    deduplication_s: float = 0.2
    get_downlink_data_s: float = 0.1
    scheduler_interval_s: float = 1.0
    class_a_lock_s: float = 5.0
    class_c_lock_s: float = 5.0
    scheduler_lock_s: float = 2.0
    frame_ttl_s: float = 30.0
    rx_timestamp_max_drift_s: float = 30.0
    event_jitter_s: float = 0.0

    @classmethod
    def fast(cls) -> Self:
        """Server-internal waits shortened by 2 to 20; RX delays, which devices rely on, stay."""
        return cls(
            deduplication_s=0.1,
            get_downlink_data_s=0.03,
            scheduler_interval_s=0.05,
            class_a_lock_s=0.25,
            class_c_lock_s=0.25,
            scheduler_lock_s=0.1,
            frame_ttl_s=1.5,
        )


def us(seconds: float) -> int:
    """Seconds as whole microseconds."""
    return round(seconds * 1_000_000)
