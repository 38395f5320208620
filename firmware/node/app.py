"""Composition of the node: the only file that knows every part of it."""

import asyncio
import gc
import io
import sys
import time

from micropython import const, kbd_intr
from wire import codec
from wire.schema import CAUSES, PAYLOADS
from wire.schema import PROFILES as PROFILE_IDS

from node import power as supply
from node import wiring
from node.clock import Clock
from node.commands import Commands
from node.config import Config, ConfigError
from node.console import Console, ConsoleError
from node.journal import Journal
from node.log import Log, Port
from node.profiles import PROFILES
from node.readings import Readings
from node.store import Store

VERSION = (0, 1, 0)
_PIECE_MS = const(8000)  # the watchdog bites at 8.3 s
_RETRY_S = const(60)
_CRASH_PAUSE_S = const(5)
_PHASES = const(4)


class Node:
    """One node. Attributes are its parts; None where the profile or a fault leaves one out."""

    def __init__(self, board):
        self.board = board
        self.power = supply.Power(board)
        self.clock = Clock(self.power)
        self.port = Port(self.power.usb)
        self.log = Log(self.clock, self.port)
        self.store = Store()
        self.wiped = self.store.fresh
        self.config = Config(self.store, log=self.log)
        self.journal = Journal(self.store)
        self.radio = self.link = self.lamp = self.commands = None
        self.sensors = {}
        self.sensed = {}
        self.problem = None
        self.peak = 0
        self._phases = {}
        self._wake = asyncio.Event()
        self._free = asyncio.Lock()  # stands for the MAC's while there is none
        self._next_us = 0
        self._last = None
        self._due_us = 0

    # --- coming up ------------------------------------------------------------------------------

    def compose(self) -> None:
        """Build what settings and board ask for. Raises ConfigError, OSError (radio)."""
        config = self.config
        config.import_file()
        wiring.check(self.board)
        profile = self._profile()
        self._light(profile)
        missing = config.missing()
        if missing:
            raise ConfigError(
                "not set: %s; copy /device.json to the board, or type config NAME VALUE"
                % ", ".join(missing)
            )
        for name in profile["sensors"]:
            if name not in self.sensors:
                self.sensors[name] = wiring.sensor(self.board, name, config["profile"])
        self.readings = Readings(config, self.power, self.clock, self.journal, self.lamp)
        if not self.radio:
            self.radio = wiring.radio(self.board, self.clock)
        self._open_link(profile)

    def _profile(self):
        name = self.config["profile"]
        if name is None:
            raise ConfigError("not set: profile; type config profile bin, lamp or counter")
        return PROFILES[name]

    def _light(self, profile):
        """A lamp obeys its local rules whatever else is missing."""
        if profile["payload"] != "lamp" or self.lamp:
            return
        if "lamp" not in self.board.PINS:
            raise ConfigError("profile lamp needs a pin: add lamp to PINS of /board.py")
        from machine import Pin

        from node.lamp import Dimmer, Lamp

        pin = Pin(self.board.PINS["lamp"], Pin.OUT, value=1)
        self.lamp = Lamp(Dimmer(pin), self.config, self.clock, self.log)
        asyncio.create_task(self.lamp.run())

    def _open_link(self, profile):
        from node.links.lorawan import Link

        self.link = Link(
            self.radio, self.clock, self.store, self.journal, self.config, self.log
        )
        self.link.battery(self.power, profile["sleeper"])
        self.commands = Commands(
            self.store, self.config, self.journal, self.clock, self.lamp, self.link, self.log,
            self.reset,
        )  # fmt: skip
        if not profile["sleeper"]:
            self.link.mac.set_class("C")
            asyncio.create_task(self._obey())
        if self.lamp:
            self.link.heard = self._heard
            asyncio.create_task(self._watch(self.sensors["am312"]))
        self.power.sleeper = profile["sleeper"]

    def _heard(self):
        self.lamp.rules.heard(self.clock.uptime_s())

    async def _watch(self, motion):
        while True:
            await motion.moved.wait()
            self.lamp.moved()

    async def _obey(self):
        """Class C: commands are carried out when they come."""
        while True:
            await self.link.came.wait()
            self.link.came.clear()
            self._heard_one()
            await self._act()
            self._wake.set()

    def _heard_one(self):
        if self.lamp:
            self._heard()

    # --- running --------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: measure, send, obey, sleep."""
        asyncio.create_task(self.port.run())
        asyncio.create_task(Console(self, self.port).run())
        self._greet()
        self.power.start_watchdog()
        while not self._composed():
            await self._pause(self.clock.us() + _RETRY_S * 1000000)
        self.config.booted()
        self._report_start()
        self.phase("boot")
        await self._jitter()
        while True:
            await self._pause(await self._turn())

    def _greet(self):
        config = self.config
        self.log("node", "Lamplighter %d.%d.%d on %s, %s, started by %s, start %d" % (
            VERSION + (self.board.NAME, config["profile"], CAUSES[self.power.cause], config.boots)
        ))  # fmt: skip
        self.log("node", "type help; Ctrl-C for the MicroPython prompt")
        if self.wiped:
            self.log("node", "the file system is new or was wiped: counters begin anew; if this "
                     "device joined before, have its used DevNonces cleared at the network")  # fmt: skip
        crash = self.store.load("crash")
        if crash:
            self.log("node", "stopped before by " + crash.decode())
            self.store.save("crash", b"")

    def _composed(self):
        try:
            self.compose()
            self.problem = None
        except (ConfigError, OSError) as error:
            self.problem = str(error)
            self.log("node", self.problem)
        return self.problem is None

    def _report_start(self):
        config, journal = self.config, self.journal
        cause = supply.WIPED if self.wiped else self.power.cause
        self.link.report("boot", {
            "cause": cause,
            "profile": PROFILE_IDS.index(config["profile"]),
            "major": VERSION[0],
            "minor": VERSION[1],
            "patch": VERSION[2],
            "boots": config.boots & 1023,
            "config_version": config.version,
            "first_seq": journal.first_seq(),
            "next_seq": journal.next_seq,
        })  # fmt: skip

    async def _jitter(self):
        """After power the whole street starts at once: not all may join at once."""
        most_s = self.config["start_jitter_s"]
        if most_s and self.power.cause == supply.POWER:
            wait_ms = self.radio.random() % (most_s * 1000)
            self.log("node", "joining in %d s" % (wait_ms // 1000))
            await self._pause(self.clock.us() + wait_ms * 1000)

    async def _turn(self):
        """Do what is due; the instant of what comes next."""
        clock = self.clock
        if clock.us() >= self._next_us:
            await self._sample()
        until_us = self._next_us
        link = self.link
        try:
            if not link.mac.joined:
                if link.mac.wait_us() < 2000000:
                    await link.join()
                    self.phase("join")
                until_us = min(until_us, clock.us() + link.mac.wait_us())
            while link.mac.joined and not link.idle() and not link.wait_us():
                await link.run_once()
                await self._act()
                self.phase("report")
            if not link.idle():
                until_us = min(until_us, clock.us() + link.wait_us())
        except OSError as error:  # RadioError too
            self.log("radio", str(error))
            self._restart_radio()
            until_us = min(until_us, clock.us() + _RETRY_S * 1000000)
        return until_us

    def _restart_radio(self):
        try:
            self.radio.start()
            self.link.mac.set_class("A" if self.power.sleeper else "C")
        except OSError as error:
            self.log("radio", str(error))

    async def _act(self):
        """Carry out the downlinks that came."""
        inbox = self.link.inbox
        while inbox:
            fport, data = inbox.pop(0)
            async with self.still():
                await self.commands.act(fport, data)
            self.phase("command")

    async def _pause(self, until_us):
        """Sleep, ended early by `_wake`."""
        wake = self._wake
        while not wake.is_set():
            self.power.feed()
            left_ms = (until_us - self.clock.us()) // 1000
            if left_ms <= 0:
                break
            left_ms = min(left_ms, _PIECE_MS)
            if not self.clock.doze(left_ms):
                try:
                    await asyncio.wait_for_ms(wake.wait(), left_ms)
                except asyncio.TimeoutError:
                    pass
        wake.clear()
        self.power.feed()

    def still(self) -> asyncio.Lock:
        """Held by whoever writes to flash: never between a transmission and its windows."""
        return self.link.lock if self.link else self._free

    # --- readings -------------------------------------------------------------------------------

    async def _sample(self):
        """Read the sensors; journal a reading when one is due or something changed."""
        config, clock = self.config, self.clock
        self._next_us += config["sample_s"] * 1000000
        if self._next_us <= clock.us():
            self._next_us = clock.us() + config["sample_s"] * 1000000
        values = await self.measure()
        now_us = clock.us()
        if now_us < self._due_us and not self._changed(values):
            return
        self._last = values
        self._due_us = now_us + (config["report_s"] - config["sample_s"] // 2) * 1000000
        name = PROFILES[config["profile"]]["payload"]
        async with self.still():
            journal = self.journal
            fields = {"seq": journal.next_seq, "age": 0}
            fields.update(values)
            data = codec.pack(name, fields)
            journal.add(config.boots, clock.uptime_s(), clock.unix(), PAYLOADS[name][0], data)

    def _changed(self, values):
        watch = PROFILES[self.config["profile"]]["watch"]
        if not (watch and self._last):
            return False
        field, setting = watch
        old, new = self._last[field], values[field]
        if setting is None or old is None or new is None:
            return old != new
        return abs(old - new) >= self.config[setting]

    async def measure(self) -> dict:
        """Read every sensor now: the payload's fields without `seq` and `age`."""
        if not self.readings:
            raise ConsoleError(self.problem or "not ready", "set what is missing, then reboot")
        for name, driver in self.sensors.items():
            values = await driver.read()
            if values is None and self.sensed.get(name, 0) is not None:
                self.log("sensor", "%s does not answer; %s" % (name, self.wiring(name)))
            self.sensed[name] = values
        if self.lamp:
            light = self.sensed["bh1750"]
            self.lamp.rules.light(light and light["lux"], self.clock.uptime_s())
            self.lamp.changed()
        return getattr(self.readings, PROFILES[self.config["profile"]]["payload"])(self.sensed)

    readings = None

    # --- for the console ------------------------------------------------------------------------

    def wiring(self, name: str) -> str:
        """Where a sensor hangs."""
        return wiring.describe(self.board, name)

    def need_link(self):
        """The link, or ConsoleError while there is none."""
        if not self.link:
            raise ConsoleError(self.problem or "not ready", "set what is missing, then reboot")
        return self.link

    async def configure(self, changes: dict) -> None:
        """Change settings; a node that waited for them goes on."""
        async with self.still():
            self.config.update(changes)
        self._due_us = 0
        self._wake.set()

    async def reboot_soon(self) -> None:
        """Restart when the answer is out."""
        await asyncio.sleep_ms(300)
        self.reset()

    def reset(self) -> None:
        """Restart on purpose."""
        self.port.flush()
        self.power.reset()

    def phase(self, name: str) -> None:
        """Note the live heap at the end of a phase, its first few times: it costs 25 ms."""
        times = self._phases.get(name, 0)
        if times < _PHASES:
            self._phases[name] = times + 1
            gc.collect()
            self.peak = max(self.peak, gc.mem_alloc())

    def _heap(self):
        """Bytes; the largest free block is found by trying. Only while the radio rests."""
        gc.collect()
        live, free = gc.mem_alloc(), gc.mem_free()
        self.peak = max(self.peak, live)
        gc.disable()
        low, high = 0, free
        while high - low > 1024:
            middle = (low + high) // 2
            try:
                bytearray(middle)
                low = middle
            except MemoryError:
                high = middle
            gc.collect()
        gc.enable()
        return {"live": live, "peak": self.peak, "free": free, "largest": low}

    def info(self) -> dict:
        """What the console's `info` shows."""
        config, link, lamp = self.config, self.link, self.lamp
        mac = link and link.mac
        return {
            "name": config["name"],
            "dev_eui": config["dev_eui"],
            "firmware": "%d.%d.%d" % VERSION,
            "board": self.board.NAME,
            "profile": config["profile"],
            "cause": CAUSES[self.power.cause],
            "boots": config.boots,
            "wiped": self.wiped,
            "problem": self.problem,
            "battery_mv": self.power.battery_mv(),
            "joined": bool(mac and mac.joined),
            "dev_addr": mac.dev_addr.hex() if mac and mac.joined else None,
            "config_version": config.version,
            "uptime_s": self.clock.uptime_s(),
            "unix": self.clock.unix() or None,
            "waiting": self.journal.waiting(),
            "next_seq": self.journal.next_seq,
            "lamp_level": lamp.level if lamp else None,
            "heap": None if link and link.busy() else self._heap(),
        }


def main() -> None:
    """Run the node until Ctrl-C. Any other end is written down and starts the board anew."""
    try:
        import board
    except (ImportError, SyntaxError) as error:
        print("error: no usable /board.py (%s)" % error)
        print("next:  mpremote fs cp boards/NAME.py :board.py, then mpremote reset")
        return
    node = None
    try:
        node = Node(board)
        asyncio.run(node.run())
    except KeyboardInterrupt:
        _leave(node)
    except Exception as error:
        _crashed(node, error)


def _leave(node):
    """To the prompt, in peace: a second Ctrl-C must not interrupt this."""
    kbd_intr(-1)
    if node:
        node.power.stop_watchdog()
        node.port.flush()
    asyncio.new_event_loop()
    kbd_intr(3)
    print("\r\nstopped; the prompt is MicroPython's. mpremote reset, or Ctrl-D, starts the node.")


def _crashed(node, error):
    trace = io.StringIO()
    sys.print_exception(error, trace)
    print("error: the node stopped (%s: %s)" % (type(error).__name__, error))
    print("next:  it starts anew in %d s; Ctrl-C for the prompt" % _CRASH_PAUSE_S)
    try:
        if node:
            node.power.feed()
            node.store.save("crash", trace.getvalue().encode()[-400:])
        time.sleep(_CRASH_PAUSE_S)
    except KeyboardInterrupt:
        _leave(node)
        return
    if node:
        node.power.reset()
