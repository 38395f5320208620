"""The node: its parts, and the one flow that measures, sends, obeys and sleeps."""

import asyncio
import gc
import sys
import time

from micropython import const, kbd_intr
from unload import unload
from wire import codec

from node.clock import Clock
from node.config import Config
from node.console import Console
from node.errors import ConsoleError
from node.journal import Journal
from node.log import Log, Output
from node.outbox import Outbox
from node.power import Power
from node.profiles import ABSENT
from node.store import Store

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Link, Profile

_MINUTE_US = const(60000000)
_CRASH_PAUSE_S = const(5)
_PHASES = const(2)
_LOAD_MS = const(150)  # loading the shell from flash holds the CPU about half as long
_CRASH = "/state/crash.txt"


class Node:
    """One node. Its attributes are its parts; None where the profile or a fault leaves one out.

    port: of `node.ports`. root: where `/state` and `/device.json` are. output: of `node.log`.
    """

    link: "Link"
    profile: "Profile"

    def __init__(self, board, port=None, root="", output=None):
        from node import ports

        self.board = board
        self.power = Power(board, port or ports.find())
        self.clock = Clock(self.power)
        self.output = output or Output(self.power.usb)
        self.log = Log(self.clock, self.output)
        self.crash = root + _CRASH
        self.store = Store(root + "/state")
        self.wiped = self.store.fresh
        crashed = int(self.power.cause == ports.WATCHDOG)
        self.config = Config(self.store, root + "/device.json", self.log, crashed)
        self.journal = Journal(self.store, root + "/state/journal")
        # None until `node.start` has made them: the flow begins after that
        self.link = None  # pyright: ignore[reportAttributeAccessIssue]
        self.profile = None  # pyright: ignore[reportAttributeAccessIssue]
        self.outbox = Outbox(self.journal, self.config, self.clock, self.gap)
        self.inbox = []  # downlinks (port, bytes) not yet carried out
        self.came = asyncio.Event()  # something is in the inbox
        self.lock = asyncio.Lock()  # held from a transmission to its answer, or to write to flash
        self.window_in_ms = lambda: 1 << 29  # until a link needs the CPU
        self.spread_s = 0  # power came for many nodes at once: how far apart they start to send
        self.sensors = {}  # role -> driver
        self.sensed = {}  # role -> its values at the last measurement
        self.sensing = asyncio.Lock()  # held while a sensor is read: flow and console both do
        self.problem = self.failure = None
        self.exception = ""  # last line of the one that ended a run before
        self._phases = {}
        self.wake = asyncio.Event()
        self.piece_ms = 4000  # of the flow's waits: the watchdog resets after 8.3 s
        self.next_us = self._tidy_us = self.reported_us = self.peak = self.stirred = 0
        self.last = self._read_by = None  # reading, and version of the settings at it
        self._starting = True

    async def run(self, stdin=None) -> None:
        """Until a task fails. stdin: a stream of bytes for the console."""
        from node import start

        asyncio.get_event_loop().set_exception_handler(self._task_failed)
        asyncio.create_task(self.output.run())
        asyncio.create_task(Console(self, self.output, stdin).run())
        if self.config.tries > 4:  # the settings were rolled back after 3
            from node import safe

            return await safe.run(self)
        await start.bring_up(self)
        start = None
        self.forget("start", "ports", "links")
        unload("wire.words")
        until_us = 0
        while True:
            try:
                await self.pause(until_us)
                until_us = await self._turn()
            except OSError as error:  # RadioError too
                self.log("link", str(error))
                self.link.broken = True
                await self.restart_link()
                until_us = min(self.clock.us() + _MINUTE_US, self.next_us)

    def _task_failed(self, _loop, context):
        """A task ended by an error: the flow raises it, which restarts the link, or the board."""
        self.failure = context["exception"]
        self.wake.set()

    def forget(self, *names) -> None:
        """Unload modules that are needed only now and then: their bytecode occupies the heap."""
        for name in names:
            unload("node." + name)

    # --- the flow -------------------------------------------------------------------------------

    async def _turn(self):
        """Do what is due. Returns the clock's instant of what is due next, us."""
        if self.stirred or self.clock.us() >= self.next_us:
            self.stirred = 0  # by an interrupt that wants a measurement
            await self._sample()
        if self.link.broken:
            await self.restart_link()
        until_us = await self.talk()
        if self.link.broken:
            until_us = min(until_us, self.clock.us() + _MINUTE_US)
        if self.clock.us() >= self._tidy_us and not self.lock.locked():
            gc.collect()  # so that what stays lies together: the heap stays whole
            self._tidy_us = self.clock.us() + _MINUTE_US * (30 if self.power.sleeper else 1)
        self.next_us = min(self.next_us, self.profile.ends_us, self.clock.us() + self._sample_us())
        return min(until_us, self.next_us)

    async def talk(self):
        """Let the link connect and send. Returns the instant of what it does next, us."""
        link = self.link
        waits = self._starting  # for something that a person at the console should know
        self._starting = False
        wait_us = link.wait_us()
        while wait_us == 0:
            done = await link.run_once()
            if self.power.sleeper:
                await self._act()  # else `obey` does: the flow waits for no ramp
            self.phase(done)
            waits = waits or not link.ready
            wait_us = link.wait_us()
        now_us = self.clock.us()
        until_us = self.next_us if wait_us is None else now_us + wait_us
        if waits:
            self.log("link", "%s, sends next in %d s" % (
                "joined" if link.ready else "not joined", (until_us - now_us + 999999) // 1000000
            ))  # fmt: skip
        return until_us

    async def restart_link(self):
        async with self.lock:
            try:
                self.link.listen()
            except OSError as error:
                self.log("link", str(error))

    def received(self, fport: int, data: bytes) -> None:
        """A downlink with data: carried out by the flow, or by `obey`."""
        self.inbox.append((fport, data))
        self.came.set()

    def heard(self) -> None:
        """The network answered."""
        self.profile.heard()

    async def _act(self):
        """Carry out the downlinks received."""
        while self.inbox:
            fport, data = self.inbox.pop(0)
            await self.gap()
            asked = self._asked(fport, data)
            from node.commands import Commands

            await Commands(self).act(asked, data)
            self.phase("command")
            Commands = None
            self.forget("commands")

    def _asked(self, fport, data):
        """The command of a downlink, or None. Unloads the table: the commands' code is next."""
        from wire import commands

        try:
            return commands.unpack_command(fport, data)
        except codec.WireError as error:
            self.log("command", str(error))
        finally:
            commands = None
            for name in ("commands", "table", "words"):
                unload("wire." + name)

    async def obey(self) -> None:
        """Carry out downlinks as they come: for links that listen all the time."""
        while True:
            await self.came.wait()
            self.came.clear()
            self.heard()
            await self._act()
            self.wake.set()

    async def pause(self, until_us: int) -> None:
        """Sleep until an instant of the clock, or until `wake` is set."""
        while not (self.power.woken(self.report_soon) or self.wake.is_set() or self.stirred):
            left_ms = (until_us - self.clock.us() + 999) // 1000  # early, a turn would be in vain
            if left_ms <= 0:
                break
            if not self.clock.doze(left_ms):
                try:
                    await asyncio.wait_for_ms(self.wake.wait(), min(left_ms, self.piece_ms))
                except asyncio.TimeoutError:
                    pass
        self.wake.clear()
        self.power.feed()
        failure, self.failure = self.failure, None
        if failure:
            raise failure

    async def gap(self, ms: int = _LOAD_MS) -> None:
        """Wait until no receive window opens within `ms`: then the CPU may be held that long."""
        await asyncio.sleep_ms(0)  # who plans a window has a turn before
        while self.window_in_ms() < ms:
            await asyncio.sleep_ms(20)

    # --- readings -------------------------------------------------------------------------------

    async def _sample(self):
        """Read the sensors; journal a reading when one is due or something changed."""
        config, clock = self.config, self.clock
        profile = self.profile
        sample_us = self._sample_us()
        started_us = clock.us()
        self.next_us = max(self.next_us + sample_us, started_us + sample_us // 2)
        values = await self.measure()
        await profile.tell(clock.uptime_s())
        due_us = self.reported_us + profile.report_s() * 1000000 - sample_us // 2
        due = profile.due(started_us >= due_us)
        last = self.last
        wanted = due or not last or profile.changed(last, values)
        async with self.lock:
            profile.save()
            if wanted:
                self.last = profile.taken(values)
                self.reported_us = started_us
                data = codec.pack(profile.payload, dict(values, seq=self.journal.next_seq, age=0))
                fport = codec.entry(profile.payload)[0]
                one = self.journal.add(config.boots, clock.uptime_s(), clock.unix(), fport, data)
                self.outbox.added(one, not last or not due)
                if self._read_by == config.version:  # from one reading to the next: they work
                    config.booted()
                self._read_by = config.version

    def report_soon(self) -> None:
        """Take a reading at the next turn, whatever is due."""
        self.last = None
        self.next_us = 0
        self.wake.set()

    def _sample_us(self):
        """Time between samples: a reading cannot be sent more often than it is made."""
        return min(self.config[self.profile.pace], self.config["report_s"]) * 1000000

    async def measure(self) -> dict:
        """Read every sensor now: the payload's fields without `seq` and `age`."""
        async with self.sensing:
            self.profile.sick = {}
            for role, driver in self.profile.wanted():
                values = await driver.read(self.clock)
                driver.sleep()
                if values is None:
                    await self.gap()
                    about = self.silence(role)
                    if self.sensed.get(role, 0) is not None:
                        said = "%s sensor %s does not answer; check its supply and its pins: %s"
                        self.log("sensor", said % about)
                    self.profile.ails(role, ABSENT)
                self.sensed[role] = values
            return self.profile.fields(self.sensed)

    # --- for the console ------------------------------------------------------------------------

    async def shell(self, line: str) -> list:
        """Carry out a line of the console. Returns the lines to print."""
        await self.gap()
        gc.collect()  # what is loaded lies low, and the free heap stays whole
        try:
            from node import shell

            return await shell.run(self, line)
        except Exception as error:
            from installed import explain

            return explain(error)
        finally:
            shell = explain = None
            self.forget("shell", "answer", "settings")
            unload("installed")

    def silence(self, role: str) -> tuple:
        """As `node.wiring.again`."""
        from node import wiring

        about = wiring.again(self, role)
        self.forget("wiring")
        return about

    def need_link(self):
        """The link, or ConsoleError while there is none."""
        if not self.link:
            raise ConsoleError("unready", self.problem)
        return self.link

    def reset(self) -> None:
        """Restart on purpose."""
        self.output.flush()
        self.power.port.reset()

    def phase(self, name: str) -> None:
        """Note the live heap at the end of a phase, its first few times: it costs 25 ms."""
        times = self._phases.get(name, 0)
        if times < _PHASES:
            self._phases[name] = times + 1
            gc.collect()
            self.peak = max(self.peak, gc.mem_alloc())


def main() -> None:
    """Run the node until Ctrl-C. Any other end is saved to flash and restarts the board."""
    node = None
    try:
        board = _board()
        if board:
            node = Node(board)
            asyncio.run(node.run())
    except KeyboardInterrupt:
        _leave(node)
    except Exception as error:
        _crashed(node, error)


def _board():
    """The board file, or None with a sentence at the prompt: a person has just written it."""
    from node import wiring

    try:
        import board  # pyright: ignore[reportMissingImports] - each board has its own

        wiring.literals(board)
        return board
    except Exception as error:
        print("error: no usable /board.py (%s)" % error)
        print("next:  mpremote fs cp boards/NAME.py :board.py, then mpremote reset")
        return None
    finally:
        wiring = None
        unload("node.wiring")


def _leave(node):
    """Stop at the prompt, watchdog off. A second Ctrl-C must not interrupt this."""
    kbd_intr(-1)
    if node:
        node.power.port.stop_watchdog()
        node.output.flush()
    asyncio.new_event_loop()
    kbd_intr(3)
    print("\r\nstopped; this is MicroPython's prompt. Ctrl-D or mpremote reset starts the node.")


def _crashed(node, error):
    print("error: the node stopped (%s: %s)" % (type(error).__name__, error))
    print("next:  it restarts in %d s; Ctrl-C for the prompt" % _CRASH_PAUSE_S)
    try:
        if ".mpy" in str(error):
            from installed import explain

            print("\n".join(explain(error)))
        if node:
            node.power.feed()
        _keep(node, error)
        time.sleep(_CRASH_PAUSE_S)
        if node:
            node.power.port.reset()
    except KeyboardInterrupt:
        _leave(node)


def _keep(node, error):
    """For the next start: seconds since this one, Unix seconds or 0, and the traceback."""
    try:
        if node:
            node.config.crashed()
        with open(node.crash if node else _CRASH, "w") as file:
            if node:
                file.write("%d %d\n" % (node.clock.uptime_s(), node.clock.unix()))
            sys.print_exception(error, file)
    except Exception:
        pass  # the file system is what failed, or no memory is left
