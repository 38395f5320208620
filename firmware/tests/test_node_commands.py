"""What the network asks: checked, done once, answered."""

import asyncio

from tests.fake_device import Clock, Log, folder

# isort: split
from node.commands import Commands
from node.config import Config
from node.journal import Journal
from node.profiles.bin import Profile as Bin
from node.profiles.lamp import Profile as Lamp
from node.store import Store
from wire import codec
from wire.commands import unpack_command
from wire.schema import COMMANDS
from wire.words import REASONS, RESULTS


class Outbox:
    """Keeps the reports."""

    def __init__(self):
        self.reports = []

    def report(self, name, values):
        codec.pack(name, values)
        self.reports.append(values)

    def empty(self):
        return True


async def fast_sleep_ms(ms):
    """`asyncio.sleep_ms` in the 200th part of its time."""
    await asyncio.sleep(ms / 200000)


class Board:
    PINS = {"lamp": 6}


class World:
    """A node's commands over a folder; `again()` is the node after a restart."""

    def __init__(self, path=None, with_lamp=True):
        self.path = path or folder()
        self.store = Store(self.path + "/state")
        self.config = Config(self.store, self.path + "/device.json")
        self.config.update({"profile": "lamp" if with_lamp else "bin"})
        self.journal = Journal(self.store, self.path + "/journal")
        self.clock, self.log, self.outbox = Clock(), Log(), Outbox()
        self.lock = asyncio.Lock()
        self.wake = asyncio.Event()
        self.board = Board()
        self.profile = Lamp(self) if with_lamp else Bin(self)
        self.lamp = self.profile.lamp if with_lamp else None
        self.reboots = 0
        self.commands = Commands(self)

    def reset(self):
        self.reboots += 1

    def again(self):
        return World(self.path, self.lamp is not None)

    def act(self, fport, data, wait_s=0):
        async def story():
            task = asyncio.create_task(self.lamp.run()) if self.lamp else None
            try:
                asked = unpack_command(fport, data)
            except codec.WireError:
                asked = None
            await self.commands.act(asked, data)
            while self.lamp and self.lamp.token is not None:
                await asyncio.sleep(0.001)  # a ramp lasts
            await asyncio.sleep(wait_s)
            if task:
                task.cancel()

        asyncio.run(story())
        return self.last()

    def send(self, name, wait_s=0, **values):
        values.setdefault("expires", None)
        return self.act(COMMANDS[name][0], codec.pack(name, values), wait_s)

    async def gap(self):
        """No receive window is near."""

    def last(self):
        values = self.outbox.reports[-1]
        return RESULTS[values["result"]], REASONS[values["reason"]], values


def test_dim_is_applied_when_the_pin_stands_there():
    world = World()

    result, reason, values = world.send("dim", token=7, level=40, ramp=0, hold=5)

    assert (result, reason) == ("applied", "ok")
    assert (values["token"], values["level"], values["ramp"], values["hold"]) == (7, 40, 0, 5)
    assert world.lamp.level == 40


def fast(test):
    """The test with ramps in the 200th part of their time."""

    def hurried():
        kept = asyncio.sleep_ms
        asyncio.sleep_ms = fast_sleep_ms
        try:
            test()
        finally:
            asyncio.sleep_ms = kept

    return hurried


async def dimming(world, *dims):
    """Carry out these dims (token, level, ramp), a second of the ramps after one another."""
    task = asyncio.create_task(world.lamp.run())
    for token, level, ramp in dims:
        values = {"token": token, "expires": None, "level": level, "ramp": ramp, "hold": None}
        await world.commands.act(("dim", dict(values, over_presence=None)), b"")
        await asyncio.sleep(0.005)
    waiting = {token for token, _, _ in dims}
    while waiting:
        for report in world.outbox.reports:
            waiting.discard(report["token"])
        await asyncio.sleep(0.001)
    task.cancel()


@fast
def test_a_dim_with_a_ramp_is_applied_when_the_pin_stands_there():
    for ramp in (0, 9, 60):
        world = World()
        pins = []
        report = world.outbox.report
        world.outbox.report = lambda *said: (pins.append(world.lamp.level), report(*said))  # noqa: B023
        asyncio.run(dimming(world, (7, 10, ramp)))
        shown = world.outbox.reports[0]
        assert (pins, shown["level"], shown["ramp"]) == ([10], 10, ramp)


@fast
def test_a_dim_during_a_ramp_is_obeyed_at_once_and_both_are_answered():
    world = World()
    asyncio.run(dimming(world, (7, 10, 60), (8, 100, 0)))
    first, second = world.outbox.reports
    assert (first["token"], second["token"], second["level"]) == (7, 8, 100)
    assert first["level"] > 90  # what the pin had then


@fast
def test_a_dim_that_is_sent_again_during_its_ramp_is_answered_once():
    world = World()
    asyncio.run(dimming(world, (7, 10, 60), (7, 10, 60), (7, 10, 60)))
    assert [(one["token"], one["level"]) for one in world.outbox.reports] == [(7, 10)]
    asyncio.run(dimming(world, (7, 10, 60)))
    assert len(world.outbox.reports) == 2


def test_dim_is_refused_without_a_lamp_and_while_somebody_holds_it():
    assert World(with_lamp=False).send("dim", token=1, level=0)[:2] == ("refused", "unsupported")
    world = World()
    world.lamp.rules.manual(100, 60)
    assert world.send("dim", token=1, level=0)[:2] == ("refused", "manual")
    world.lamp.rules.safety = True
    assert world.send("dim", token=2, level=0)[:2] == ("refused", "safety")
    assert world.lamp.level == 100


def test_interval_changes_the_settings_and_their_version():
    world = World(with_lamp=False)
    before = world.config.version

    result, reason, values = world.send("interval", token=9, report_s=60, sample_s=None)

    assert (result, reason) == ("applied", "ok")
    assert (values["report_s"], values["sample_s"]) == (60, 600)
    assert values["config_version"] == world.config.version == before + 1
    assert world.again().config["report_s"] == 60


def test_interval_without_anything_is_refused():
    assert World().send("interval", token=9)[:2] == ("refused", "out_of_range")


def test_an_expired_command_dies_and_one_in_time_does_not():
    world = World()
    world.clock.unix_s = 1000
    assert world.send("dim", token=1, level=0, ramp=0, expires=999)[:2] == ("expired", "gone")
    assert world.lamp.level == 100
    assert world.send("dim", token=2, level=30, ramp=0, expires=1000)[0] == "applied"


def test_an_expiry_cannot_be_judged_without_a_clock_and_is_refused():
    world = World()
    assert world.send("dim", token=1, level=0, expires=999)[:2] == ("refused", "clock_unknown")
    assert world.lamp.level == 100

    world.clock.unix_s = 900
    assert world.send("dim", token=1, level=0, ramp=0, expires=999)[0] == "applied"


def test_the_same_token_is_answered_again_and_not_done_again():
    world = World(with_lamp=False)
    world.send("interval", token=9, report_s=60)
    version = world.config.version

    result, _, values = world.send("interval", token=9, report_s=60)

    assert (result, values["report_s"], world.config.version) == ("applied", 60, version)
    assert len(world.outbox.reports) == 2


def test_a_repeated_reboot_is_no_loop():
    world = World()
    assert world.send("reboot", wait_s=0.7, token=5)[0] == "applied"
    assert world.reboots == 1

    after = world.again()

    assert after.send("reboot", wait_s=0.7, token=5)[0] == "applied"
    assert after.reboots == 0


def test_resend_says_how_many_are_still_there():
    world = World(with_lamp=False)
    for at in range(3):
        world.journal.add(1, at, 0, 10, b"x")
    world.journal.sent(world.journal.batch(3))
    world.journal.acked()

    assert world.send("resend", token=1, first=1, count=9)[2]["count"] == 2
    assert world.journal.waiting() == 2
    assert world.send("resend", token=2, first=99, count=9)[:2] == ("refused", "gone")


def test_what_cannot_be_read_is_refused_by_its_token_or_ignored():
    world = World()

    assert world.act(30, b"\x00\x07abc")[:2] == ("refused", "malformed")
    assert world.outbox.reports[-1]["token"] == 7
    assert world.act(99, b"\x00\x08")[:2] == ("refused", "malformed")
    reports = len(world.outbox.reports)
    world.act(30, b"\x00")
    assert len(world.outbox.reports) == reports


def test_settings_are_on_flash_before_they_are_acknowledged():
    world = World()
    kept = []
    report = world.outbox.report

    def acknowledge(name, values):
        after_a_brown_out = world.again().config
        kept.append((after_a_brown_out["report_s"], after_a_brown_out["sample_s"]))
        report(name, values)

    world.outbox.report = acknowledge
    assert world.send("interval", token=7, report_s=1200, sample_s=60)[0] == "applied"
    assert kept == [(1200, 60)]
