"""Takes one notice of the network server in one transaction: identify, decode, append events."""

from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace

from gateway import asking, outcomes, reverts, troubles
from gateway.clock import believed, rfc3339
from gateway.devices import Applied, Boot, Fault, Reading, Report, Status, decoder
from gateway.errors import Lost, Refused
from gateway.events import (
    BootData,
    JoinedData,
    MissingData,
    QuarantinedData,
    ReadingData,
    StatusData,
    Value,
)
from gateway.expiry import default_s
from gateway.model import Device, Quarantined
from gateway.notices import Answered, Envelope, Joined, Notice, Transmitted, Trouble, Uplink
from gateway.seen import Decoded, Seen
from gateway.seen.flood import Flood
from gateway.seen.gaps import WRAP
from gateway.seen.signals import Signal
from gateway.settings import CommandSettings
from gateway.store import Transaction

MISMATCH = (
    "the operator compares the device's product and firmware with its decoder, mends it, and runs "
    "`lamplighter event redecode`"
)
NO_PORT = (
    "it has data but no FPort; the operator looks at what forwards the network server's messages"
)
NOBODY = ""
"""Stands for every device that is not registered, where a row is kept for each device."""
UNSURE = "clock_unsure"
"""Flag of what a message contains whose stamp cannot be right."""
COMMISSIONING = "commissioning"
"""Flag of what a device says that is not in service yet: no figure counts it."""
RESEND_MOST = 254
"""Readings one `resend` asks for: its count has 8 bits, of which all ones mean absent."""
RANGES = 19
"""Ranges that one gap is asked for in: 4826 readings; a device keeps 36 files of 128."""
RESEND_EXPIRES_S = 86_400


class Context(Struct, frozen=True):
    """What `take` needs beside the transaction and the notice. room: as asking.ask takes it."""

    room: asking.Room
    settings: CommandSettings
    decoded: Decoded = field(default_factory=Decoded)


class _Unread(Struct, frozen=True):
    """A message that could not be read, and why."""

    envelope: Envelope
    reason: str
    dev_eui: str


def quarantine(
    tx: Transaction, envelope: Envelope, reason: str, dev_eui: str, now_ms: int
) -> None:
    """Keep a message that is of no registered device, or that the gateway failed at.

    In a flood of them not each has an event; the one of the hour counts those that have none.
    """
    seen = Seen.load(tx.seen(NOBODY))
    seen.bound(now_ms)
    _settle_flood(tx, seen.flood, NOBODY, now_ms)
    _keep(tx, seen.flood, _Unread(envelope, reason, dev_eui), now_ms)
    tx.put_seen(NOBODY, seen.dump())


def _keep(tx: Transaction, flood: Flood, unread: _Unread, now_ms: int) -> None:
    """Keep a message whole, with the reason why it could not be read; append an event if due."""
    envelope = unread.envelope
    dev_eui = unread.dev_eui
    reason = unread.reason
    number = tx.quarantine(now_ms, dev_eui, envelope.topic, envelope.body, reason)
    size = len(envelope.body)
    if flood.admits(number, reason, size, now_ms):
        data = QuarantinedData(id=number, dev_eui=dev_eui, reason=reason, size=size)
        tx.append("quarantined", dev_eui, now_ms, data)


def _settle_flood(tx: Transaction, flood: Flood, dev_eui: str, now_ms: int) -> None:
    """Append the event of the messages that wait, once their hour is over."""
    if flood.ripe(now_ms):
        data = QuarantinedData(
            id=flood.held_id,
            dev_eui=dev_eui,
            reason=flood.held_reason,
            size=flood.held_size,
            count=flood.held,
        )
        tx.append("quarantined", dev_eui, now_ms, data)
        flood.release(now_ms)


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
    if notice.at_ms != at_ms:
        notice = replace(notice, at_ms=at_ms)
    taking = _Taking(tx, context, device, now_ms, sure=sure)
    if not taking.admits(notice):
        return taking.unsettled
    match notice:
        case Uplink():
            taking.uplink(notice, envelope)
        case Joined():
            taking.joined(notice)
        case _:
            taking.signal(notice)
    return taking.finish()


def correct(
    tx: Transaction, context: Context, kept: Quarantined, uplink: Uplink, now_ms: int
) -> str:
    """Decode a frame again that could not be read when it came; then it is kept no longer.

    Its events name it in `corrects`. Returns why it still cannot be read; empty: it was.
    """
    device = tx.device(uplink.dev_eui)
    if device is None:
        return f"no device has the DevEUI {uplink.dev_eui}"
    if all(one.id != kept.id for one in tx.quarantined(kept.id - 1, 1)):
        return "it was read meanwhile"
    try:
        reports = decoder(device.decoder).decode(device, uplink)
    except (Lost, Refused) as error:
        return str(error)
    at_ms, sure = believed(uplink.at_ms, now_ms)
    taking = _Taking(tx, context, device, now_ms, sure=sure, corrects=kept.id)
    for report in reports:
        taking.report(replace(uplink, at_ms=at_ms), report)
    taking.finish()
    tx.release(kept.id)
    return ""


def settle(tx: Transaction, context: Context, dev_eui: str, now_ms: int) -> bool:
    """Report gaps and floods that have had their time; returns whether some still wait.

    dev_eui: NOBODY for those of devices that are not registered.
    """
    device = tx.device(dev_eui)
    if dev_eui == NOBODY:
        seen = Seen.load(tx.seen(NOBODY))
        seen.bound(now_ms)
        _settle_flood(tx, seen.flood, NOBODY, now_ms)
        tx.put_seen(NOBODY, seen.dump())
        return seen.flood.held > 0
    return device is not None and _Taking(tx, context, device, now_ms).finish()


class _Taking:
    """One notice of one registered device, inside a transaction.

    sure: of the notice's stamp.  corrects: the id in quarantine of the message that it is of.
    """

    def __init__(
        self,
        tx: Transaction,
        context: Context,
        device: Device,
        now_ms: int,
        *,
        sure: bool = True,
        corrects: int | None = None,
    ) -> None:
        self.tx = tx
        self.context = context
        self.device = device
        self.now_ms = now_ms
        self.dev_eui = device.dev_eui
        self.sure = sure
        self.corrects = corrects
        self.seen = context.decoded.load(self.dev_eui, tx.seen(self.dev_eui))
        self.seen.bound(now_ms)

    def finish(self) -> bool:
        """Keep what was seen and report ripe gaps; returns whether gaps still wait."""
        ripe = self.seen.gaps.settled(self.now_ms)
        _settle_flood(self.tx, self.seen.flood, self.dev_eui, self.now_ms)
        self.tx.put_seen(self.dev_eui, self.context.decoded.dump(self.dev_eui, self.seen))
        for first, last in ripe:
            self._missing(first, last)
        return self.unsettled

    @property
    def unsettled(self) -> bool:
        """Whether a gap or a flood waits for its event."""
        return self.seen.gaps.unsettled or self.seen.flood.held > 0

    def admits(self, notice: Notice) -> bool:
        """Whether a notice is new; what it shows about the device's counter is noted."""
        frames = self.seen.frames
        before = frames.sessions[-1] if frames.sessions else None
        turns = frames.turns
        new = frames.admits(notice)
        after = frames.sessions[-1] if frames.sessions else None
        if before is None or after is None or after is before or not isinstance(notice, Uplink):
            return new
        if frames.turns > turns:
            self.trouble(troubles.TWO_BOARDS)
        elif after.dev_addr == before.dev_addr:
            self.trouble(troubles.F_CNT_RESET)
        return new

    def trouble(self, code: str, description: str = "") -> None:
        """Note that something is wrong with the device; the first in an hour makes an event."""
        now_ms = self.now_ms
        of = (self.tx, self.device, self.seen)
        troubles.note(*of, code, description=description, now_ms=now_ms)

    def joined(self, joined: Joined) -> None:
        data = JoinedData(dev_eui=self.dev_eui, device=self.device.name, dev_addr=joined.dev_addr)
        self.tx.append("joined", self.dev_eui, joined.at_ms, data)
        outcomes.rejoined(self.tx, self.dev_eui, self.now_ms)

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
            case Trouble():
                self.trouble(notice.code, notice.description)
                return
            case _:
                return
        settings = self.context.settings
        outcomes.signalled(
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
            flood = self.seen.flood
            _settle_flood(self.tx, flood, self.dev_eui, self.now_ms)
            _keep(self.tx, flood, _Unread(envelope, reason, self.dev_eui), self.now_ms)
            return
        for report in reports:
            self.report(uplink, report)

    def report(self, uplink: Uplink, report: Report) -> None:
        """Take one report of a frame."""
        match report:
            case Reading():
                self._reading(uplink, report)
            case Boot():
                self._boot(uplink, report)
            case Applied():
                outcomes.reported(self.tx, self.dev_eui, report, self.now_ms)
            case Status():
                self._status(uplink, report)
            case Fault():
                self.trouble(report.code, report.description)

    def _reading(self, uplink: Uplink, reading: Reading) -> None:
        number = reading.seq
        age_s = reading.age_s
        if number is not None and not self._new(number, age_s, uplink.at_ms):
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
            corrects=self.corrects,
        )
        self.tx.append("reading", self.dev_eui, uplink.at_ms, data)
        self._latest(reading.seq, data.observed_at, data.values)

    def _new(self, number: int, age_s: int | None, at_ms: int) -> bool:
        """Whether the reading with this number is new."""
        switches = self.seen.gaps.switches
        new = self.seen.gaps.admits(number, age_s, at_ms, self.now_ms)
        if self.seen.gaps.switches > switches:
            self.trouble(troubles.TWO_BOARDS)
        return new

    def _boot(self, uplink: Uplink, boot: Boot) -> None:
        if boot.first_seq is not None and boot.next_seq is not None:
            if not self.seen.frames.admits_boot(uplink):
                return
            self.seen.gaps.restarts(boot.first_seq, boot.next_seq, uplink.at_ms, wiped=boot.wiped)
        reverts.after_boot(self.tx, self.dev_eui, boot.values, uplink.at_ms, self.now_ms)
        self._of_itself("boot", BootData, uplink, boot.values, boot.next_seq)

    def _status(self, uplink: Uplink, status: Status) -> None:
        self._of_itself("status", StatusData, uplink, status.values)
        if status.sick:
            self.trouble(troubles.SICK_SENSOR, status.sick)
        else:
            self.seen.troubles.clear(troubles.SICK_SENSOR)

    def _of_itself(
        self,
        kind: str,
        form: type[BootData],
        uplink: Uplink,
        values: tuple[Value, ...],
        seq: int | None = None,
    ) -> None:
        """Append what a device tells of itself, and keep it as latest values."""
        at = rfc3339(uplink.at_ms)
        data = form(
            dev_eui=self.dev_eui,
            device=self.device.name,
            received_at=at,
            values=self._flagged(values),
            link=uplink.link,
            corrects=self.corrects,
        )
        self.tx.append(kind, self.dev_eui, uplink.at_ms, data)
        self._latest(seq, at, data.values)

    def _latest(self, seq: int | None, at: str, values: tuple[Value, ...]) -> None:
        self.tx.put_latest(self.dev_eui, seq, at, values, rfc3339(self.now_ms))

    def _flagged(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """The values, with a flag where the time of their message is our own guess.

        And with one where the device is not in service.
        """
        flags = (UNSURE,) * (not self.sure) + (COMMISSIONING,) * (not self.device.in_service)
        if not flags:
            return values
        return tuple(
            replace(one, quality=(*(q for q in one.quality if q not in ("ok", *flags)), *flags))
            for one in values
        )

    def _missing(self, first: int, last: int) -> None:
        """Report readings that did not arrive, and request them once, the newest range first."""
        count = last - first + 1
        numbers = {"first_seq": first % WRAP, "last_seq": last % WRAP, "count": count}
        data = MissingData(dev_eui=self.dev_eui, **numbers)
        self.tx.append("missing", self.dev_eui, self.now_ms, data)
        with suppress(Refused):  # it has no `resend`, or its data rate carries none
            for below in range(
                last + 1, max(first, last + 1 - RESEND_MOST * RANGES), -RESEND_MOST
            ):
                self._resend(max(first, below - RESEND_MOST), below)

    def _resend(self, first: int, below: int) -> None:
        asking.ask(
            self.tx,
            self.dev_eui,
            "resend",
            {"first": first % WRAP, "count": below - first},
            now_ms=self.now_ms,
            expires_in_s=default_s(self.tx, self.device, RESEND_EXPIRES_S),
            room=self.context.room,
        )
