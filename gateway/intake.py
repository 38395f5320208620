"""Takes one notice of the network server in one transaction: identify, decode, append events."""

from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from gateway import lifecycle
from gateway.clock import believed, rfc3339
from gateway.devices import Applied, Boot, Reading, Report, Status, decoder
from gateway.errors import Lost, Refused
from gateway.events import BootData, JoinedData, MissingData, QuarantinedData, ReadingData, Value
from gateway.model import Device
from gateway.notices import Answered, Envelope, Joined, Notice, Transmitted, Trouble, Uplink
from gateway.seen import Seen
from gateway.seen.gaps import WRAP
from gateway.seen.signals import Signal
from gateway.settings import CommandSettings
from gateway.store import Transaction

MISMATCH = "the operator compares the device's product and firmware with its decoder"
NO_PORT = (
    "it has data but no FPort; the operator looks at what forwards the network server's messages"
)
UNSURE = "clock_unsure"
"""Flag of what a message contains whose stamp cannot be right."""
RESEND_MOST = 254
"""Readings one `resend` asks for: its count has 8 bits, of which all ones mean absent."""
RESEND_EXPIRES_S = 86_400


class Context(Struct, frozen=True):
    """What `take` needs beside the transaction and the notice. room: as lifecycle.ask takes it."""

    room: lifecycle.Room
    settings: CommandSettings


def quarantine(
    tx: Transaction, envelope: Envelope, reason: str, dev_eui: str, now_ms: int
) -> None:
    """Keep a message whole, with the reason why it could not be read, and append the event."""
    number = tx.quarantine(now_ms, dev_eui, envelope.topic, envelope.body, reason)
    size = len(envelope.body)
    data = QuarantinedData(id=number, dev_eui=dev_eui, reason=reason, size=size)
    tx.append("quarantined", dev_eui, now_ms, data)


def take(
    tx: Transaction, context: Context, envelope: Envelope, notice: Notice, now_ms: int
) -> bool | None:
    """Take one notice; one that was taken before changes nothing.

    A registered device is ours, whatever the network server says of its application. Returns
    whether a gap in the device's readings waits to be reported; None: the device is not ours.
    """
    device = tx.device(notice.dev_eui)
    if device is None:
        if notice.foreign:
            return None
        reason = f"no device has the DevEUI {notice.dev_eui}; add it with `lamplighter device add`"
        quarantine(tx, envelope, reason, notice.dev_eui, now_ms)
        return False
    at_ms, sure = believed(notice.at_ms, now_ms)
    notice = replace(notice, at_ms=at_ms)
    taking = _Taking(tx, context, device, now_ms, sure=sure)
    if not taking.seen.frames.admits(notice):
        return taking.seen.gaps.unsettled
    match notice:
        case Uplink():
            taking.uplink(notice, envelope)
        case Joined():
            taking.joined(notice)
        case _:
            taking.signal(notice)
    return taking.finish()


def settle(tx: Transaction, context: Context, dev_eui: str, now_ms: int) -> bool:
    """Report the gaps that have had their time; returns whether some still wait."""
    device = tx.device(dev_eui)
    return device is not None and _Taking(tx, context, device, now_ms).finish()


class _Taking:
    """One notice of one registered device, inside a transaction. sure: of the notice's stamp."""

    def __init__(
        self,
        tx: Transaction,
        context: Context,
        device: Device,
        now_ms: int,
        *,
        sure: bool = True,
    ) -> None:
        self.tx = tx
        self.context = context
        self.device = device
        self.now_ms = now_ms
        self.dev_eui = device.dev_eui
        self.sure = sure
        self.seen = Seen.load(tx.seen(device.dev_eui))
        self.seen.bound(now_ms)

    def finish(self) -> bool:
        """Keep what was seen and report ripe gaps; returns whether gaps still wait."""
        ripe = self.seen.gaps.settled(self.now_ms)
        self.tx.put_seen(self.dev_eui, self.seen.dump())
        for first, last in ripe:
            self._missing(first, last)
        return self.seen.gaps.unsettled

    def joined(self, joined: Joined) -> None:
        data = JoinedData(dev_eui=self.dev_eui, device=self.device.name, dev_addr=joined.dev_addr)
        self.tx.append("joined", self.dev_eui, joined.at_ms, data)

    def signal(self, notice: Notice) -> None:
        """A notice about a downlink; the others change nothing."""
        match notice:
            case Transmitted():
                signal = Signal(notice.queue_item_id, "transmitted")
            case Answered():
                what = "acknowledged" if notice.acknowledged else "unacknowledged"
                signal = Signal(notice.queue_item_id, what)
            case Trouble() if notice.dropped and notice.queue_item_id:
                note = f"{notice.code}: {notice.description}"
                signal = Signal(notice.queue_item_id, "dropped", note)
            case _:
                return
        settings = self.context.settings
        lifecycle.signalled(
            self.tx, self.seen, self.dev_eui, signal, now_ms=self.now_ms, settings=settings
        )

    def uplink(self, uplink: Uplink, envelope: Envelope) -> None:
        if not uplink.data:  # MAC commands, which the network server took, or nothing
            return
        try:
            reports = decoder(self.device.decoder).decode(self.device, uplink)
        except (Lost, Refused) as error:
            said = f"{error}; {MISMATCH}" if uplink.fport else NO_PORT
            reason = f"frame {uplink.fcnt}: {said}"
            quarantine(self.tx, envelope, reason, self.dev_eui, self.now_ms)
            return
        for report in reports:
            self._report(uplink, report)

    def _report(self, uplink: Uplink, report: Report) -> None:
        match report:
            case Reading():
                self._reading(uplink, report)
            case Boot():
                self._boot(uplink, report)
            case Applied():
                lifecycle.reported(self.tx, self.dev_eui, report, self.now_ms)
            case Status():
                self._latest(None, rfc3339(uplink.at_ms), report.values)

    def _reading(self, uplink: Uplink, reading: Reading) -> None:
        number = reading.seq
        age_s = reading.age_s
        if number is not None and not self.seen.gaps.admits(
            number, age_s, uplink.at_ms, self.now_ms
        ):
            return  # without a number it is as new as its frame
        observed_ms = uplink.at_ms - 1000 * (age_s or 0)
        data = ReadingData(
            dev_eui=self.dev_eui,
            device=self.device.name,
            profile=self.device.profile,
            seq=reading.seq,
            observed_at=rfc3339(observed_ms),
            received_at=rfc3339(uplink.at_ms),
            values=self._flagged(reading.values),
            link=uplink.link,
        )
        self.tx.append("reading", self.dev_eui, uplink.at_ms, data)
        self._latest(reading.seq, data.observed_at, data.values)

    def _boot(self, uplink: Uplink, boot: Boot) -> None:
        if boot.first_seq is not None and boot.next_seq is not None:
            if not self.seen.frames.admits_boot(uplink):
                return
            self.seen.gaps.restarts(boot.first_seq, boot.next_seq, uplink.at_ms, wiped=boot.wiped)
        at = rfc3339(uplink.at_ms)
        data = BootData(
            dev_eui=self.dev_eui,
            device=self.device.name,
            received_at=at,
            values=self._flagged(boot.values),
            link=uplink.link,
        )
        self.tx.append("boot", self.dev_eui, uplink.at_ms, data)
        self._latest(boot.next_seq, at, data.values)

    def _latest(self, seq: int | None, at: str, values: tuple[Value, ...]) -> None:
        self.tx.put_latest(self.dev_eui, seq, at, values, rfc3339(self.now_ms))

    def _flagged(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values, with a flag where the time of their message is our own guess."""
        if self.sure:
            return values
        return tuple(
            replace(one, quality=(*(q for q in one.quality if q not in ("ok", UNSURE)), UNSURE))
            for one in values
        )

    def _missing(self, first: int, last: int) -> None:
        """Report readings that did not arrive, and request the newest of them, once."""
        count = last - first + 1
        numbers = {"first_seq": first % WRAP, "last_seq": last % WRAP, "count": count}
        data = MissingData(dev_eui=self.dev_eui, **numbers)
        self.tx.append("missing", self.dev_eui, self.now_ms, data)
        asked = min(count, RESEND_MOST)
        with suppress(Refused):  # it has no `resend`, or its data rate carries none
            lifecycle.ask(
                self.tx,
                self.dev_eui,
                "resend",
                {"first": (last - asked + 1) % WRAP, "count": asked},
                now_ms=self.now_ms,
                expires_in_s=RESEND_EXPIRES_S,
                room=self.context.room,
            )
