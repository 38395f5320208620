"""Downlinks: the answer to an uplink (class A) and the scheduled send (class C).

Source: ChirpStack 4.20.0, downlink/data.rs.
"""

from dataclasses import dataclass
from random import Random

from chirpstack_api import common

from tools.bench.network import mac
from tools.bench.network.adr import ALGORITHM
from tools.bench.network.compose import Content, class_a_frame, class_c_frame, data_frame
from tools.bench.network.durations import Durations, us
from tools.bench.network.in_flight import InFlight, Sent
from tools.bench.network.lorawan import DataFrame
from tools.bench.network.outbox import Outbox
from tools.bench.network.queue import choose
from tools.bench.network.reception import Reception
from tools.bench.network.region import Region
from tools.bench.network.registry import Device, QueueItem, Registry, Session
from tools.bench.network.setup import Key


@dataclass(frozen=True)
class Exchange:
    """An uplink that may get an answer. commands: MAC commands that the answer must carry."""

    device: Device
    session: Session
    reception: Reception
    up: DataFrame
    commands: list[bytes]


class Downlinks:
    """Chooses what a device gets. adr: ask devices that set the ADR bit for another data rate.

    wanted: what else is set on every device, as `setup.requests` has it.
    """

    def __init__(
        self,
        registry: Registry,
        outbox: Outbox,
        in_flight: InFlight,
        durations: Durations,
        random: Random,
        *,
        region: Region,
        adr: bool,
        wanted: dict[Key, bytes],
    ) -> None:
        self._registry = registry
        self._outbox = outbox
        self._in_flight = in_flight
        self._durations = durations
        self._random = random
        self._region = region
        self._adr = adr
        self._wanted = wanted

    def answer(self, exchange: Exchange, now_us: int) -> None:
        """Answer an uplink in RX1 or RX2, if there is anything to send."""
        device, session = exchange.device, exchange.session
        if not self._is_current(exchange):
            return  # it joined again, or was deleted, in the meantime
        assert device.last_uplink is not None
        setup = session.setup
        up_hz, up_rate = device.last_uplink.frequency_hz, device.last_uplink.data_rate
        rates = (setup.rx1(self._region, up_hz, up_rate)[1], setup.rx2(self._region)[1])
        longest = self._region.longest(rates[0])
        item, more = self._next_item(device, now_us, longest, exchange.reception.id)
        blocks = exchange.commands + self._requests(exchange, now_us)
        if item is None and not blocks and not exchange.up.confirmed and not exchange.up.bit6:
            return
        frame = class_a_frame(
            self._region, device.last_uplink, setup, self._downlink_id(), setup.rx1_delay_s
        )
        sent = Sent(frame, device.dev_eui, item)
        content = Content(blocks, item, more, ack=exchange.up.confirmed)
        for window, rate in zip(frame.items, rates, strict=True):
            data, carried = data_frame(session, content, self._region.longest(rate))
            window.phy_payload = data.encode(session.nwk_s_key, session.app_s_key)
            sent.carries.append(carried)
        self._send(session, sent, now_us)

    def _is_current(self, exchange: Exchange) -> bool:
        device = exchange.device
        known = self._registry.devices.get(device.dev_eui) is device
        return known and device.session is exchange.session

    def schedule(self, device: Device, now_us: int) -> None:
        """Send a class-C device its next item at once, or delay the next attempt."""
        session, uplink = device.session, device.last_uplink
        if session is None or uplink is None:
            return
        if device.enabled_class != common.DeviceClass.CLASS_C:
            return
        if session.f_cnt_up == 0:  # it must send its first uplink first
            device.run_after_us = now_us + us(self._durations.scheduler_lock_s)
            return
        device.run_after_us = now_us + us(self._durations.class_c_lock_s)
        longest = self._region.longest(session.setup.rx2(self._region)[1])
        item, more = self._next_item(device, now_us, longest, "")
        if item is None:
            return
        frame = class_c_frame(self._region, uplink, session.setup, self._downlink_id())
        data, carried = data_frame(session, Content([], item, more), longest)
        frame.items[0].phy_payload = data.encode(session.nwk_s_key, session.app_s_key)
        self._send(session, Sent(frame, device.dev_eui, item, [carried]), now_us)

    def _downlink_id(self) -> int:
        return self._random.getrandbits(32)

    def _requests(self, exchange: Exchange, now_us: int) -> list[bytes]:
        """MAC commands of the server's own: data rate, status so many times a day, settings."""
        session = exchange.session
        profile = self._registry.profile_of(exchange.device)
        blocks: list[bytes] = []
        if self._adr and exchange.up.adr and profile.adr_algorithm_id == ALGORITHM:
            rate = exchange.reception.data_rate
            mask = session.setup.mask(self._region)
            blocks.append(session.adr.request(rate, self._region, mask))
        per_day = profile.device_status_req_interval
        asked_us = session.status_asked_us
        if per_day and (asked_us is None or now_us - asked_us >= us(86_400 / per_day)):
            session.status_asked_us = now_us
            blocks.append(bytes([mac.DEV_STATUS]))
        blocks += session.setup.requests(self._wanted)
        return [block for block in blocks if block]

    def _next_item(
        self, device: Device, now_us: int, longest: int, uplink_id: str
    ) -> tuple[QueueItem | None, bool]:
        choice = choose(device.queue, now_us, longest)
        for item, why in choice.given_up:
            if why == "unacknowledged":
                self._outbox.acknowledge(
                    device, item, now_us, acknowledged=False, uplink_id=uplink_id
                )
            elif why == "expired":
                self._outbox.report(
                    device, now_us, "EXPIRED",
                    "Device queue-item discarded because it has expired", queue_item_id=item.id,
                )  # fmt: skip
            else:
                self._outbox.report(
                    device, now_us, "DOWNLINK_PAYLOAD_SIZE",
                    "Device queue-item discarded because it exceeds the max. payload size",
                    queue_item_id=item.id, item_size=str(len(item.data)),
                    max_payload_size=str(longest),
                )  # fmt: skip
        return choice.item, choice.more

    def _send(self, session: Session, sent: Sent, now_us: int) -> None:
        sent.f_cnt = session.f_cnt_down
        if sent.item:
            sent.item.f_cnt_down = session.f_cnt_down
        self._in_flight.send(sent, now_us)
