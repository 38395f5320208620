"""One emulated board: serial port, power, flash, pins and parts."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

from tools.bench.world.errors import BoardError
from tools.bench.world.frames import packed, unpacked
from tools.bench.world.network_port import NetworkPort
from tools.bench.world.port import Port

EXPECT_STEP_US = 10_000
LINES_SHOWN = 40


class World(Protocol):
    """What a board uses of the simulation it stands in."""

    now_us: int

    async def request(self, op: str, **values: Any) -> dict[str, Any]:
        """Sends one request to the process and returns its answer."""
        ...

    async def advance(self, microseconds: int) -> None:
        """Lets simulated time pass."""

    def paced(self) -> AbstractAsyncContextManager[None]:
        """Ties simulated time to the wall clock for the length of a block."""
        ...

    def kick(self) -> None:
        """Makes paced time move at once."""


class VirtualBoard:
    """A board of the world. Made by `Simulation.add_board`; emulated, never a real one.

    boots: power-ons and resets. notices: the process's messages about it, serial output apart.
    transcript: all serial output.
    """

    def __init__(self, simulation: World, name: str, pins: dict[str, Any]) -> None:
        self.simulation = simulation
        self.name = name
        self.wiring = pins
        self.boots = 0
        self.powered = False
        self.notices: list[dict[str, Any]] = []
        self.transcript = bytearray()
        self._unread = bytearray()
        self._listeners: list[Callable[[bytes], None]] = []
        self._port: Port | NetworkPort | None = None

    def noticed(self, notice: dict[str, Any]) -> None:
        """Takes one notice of the world's process that names this board."""
        if notice["event"] == "serial":
            self._serial(base64.b64decode(notice["data"]))
            return
        self.notices.append(notice)
        if notice["event"] == "reset" or (notice["event"] == "power" and notice["on"]):
            self.boots += 1
        if notice["event"] == "power":
            self.powered = notice["on"]

    def _serial(self, data: bytes) -> None:
        self.transcript += data
        if self._port:
            self._port.deliver(data)
        else:
            self._unread += data
        for listener in self._listeners:
            listener(data)

    def on_serial(self, listener: Callable[[bytes], None]) -> None:
        """Calls `listener(data)` with everything the board prints."""
        self._listeners.append(listener)

    async def _ask(self, op: str, **values: Any) -> dict[str, Any]:
        return await self.simulation.request(op, board=self.name, **values)

    # ---- serial ----

    async def write(self, data: bytes) -> None:
        """Sends bytes to the board's console."""
        await self._ask("write", data=base64.b64encode(data).decode())

    async def read(self) -> bytes:
        """What the board printed since the last read."""
        data = bytes(self._unread)
        self._unread.clear()
        return data

    async def expect(self, pattern: str | bytes, within_s: float = 10.0) -> re.Match[bytes]:
        """Waits until the output matches, in world time; output up to the match counts as read.

        Raises TimeoutError with the last lines.
        """
        wanted = re.compile(pattern.encode() if isinstance(pattern, str) else pattern, re.DOTALL)
        end_us = self.simulation.now_us + round(within_s * 1e6)
        while True:
            match = wanted.search(bytes(self._unread))
            if match:
                del self._unread[: match.end()]
                return match
            if self.simulation.now_us >= end_us:
                raise TimeoutError(self._silence(pattern, within_s))
            await self.simulation.advance(min(EXPECT_STEP_US, end_us - self.simulation.now_us))

    def _silence(self, pattern: str | bytes, within_s: float) -> str:
        lines = self.transcript.decode(errors="replace").splitlines()[-LINES_SHOWN:]
        shown = "\n".join(f"  {line}" for line in lines) or "  nothing"
        late = f"{self.name} did not print {pattern!r} within {within_s} s of world time"
        return f"{late}; last lines:\n{shown}"

    async def exec(self, code: str, within_s: float = 10.0) -> str:
        """Interrupts what runs, executes MicroPython code there, and returns what it printed.

        Raises BoardError with the traceback.
        """
        await self.write(b"\r\x03\x03\x01")
        await self.expect(r"raw REPL; CTRL-B to exit\r\n>", within_s)
        await self.write(code.encode() + b"\x04")
        answer = await self.expect(rb"OK(.*?)\x04(.*?)\x04>", within_s)
        await self.write(b"\x02")
        await self.expect(">>> ", within_s)
        if answer[2]:
            raise BoardError(answer[2].decode().replace("\r\n", "\n"))
        return answer[1].decode().replace("\r\n", "\n")

    async def stop_reading(self, stopped: bool = True) -> None:
        """The USB host stays plugged in and open but reads nothing, as a stopped terminal does."""
        await self._ask("reading", on=not stopped)

    async def usb(self, plugged: bool) -> None:
        """Plugs the USB cable in or out."""
        await self._ask("usb", plugged=plugged)

    @asynccontextmanager
    async def port(self, *, offered: bool = False) -> AsyncGenerator[str]:
        """A port of the operating system (pty) for mpremote, pyserial or a person; paced time.

        offered: it may stay unused: what is printed while no program has it open is dropped.
        """
        if self._port:
            raise BoardError(f"the port of {self.name} is open already")
        async with self.simulation.paced():
            self._port = Port(self, self.simulation.kick, offered=offered)
            try:
                yield self._port.path
            finally:
                await self.close_port()

    @asynccontextmanager
    async def network_port(self) -> AsyncGenerator[str]:
        """The port as `rfc2217://…`, which carries DTR and RTS as a pty cannot; paced time."""
        if self._port:
            raise BoardError(f"the port of {self.name} is open already")
        async with self.simulation.paced():
            self._port = opened = NetworkPort(self, self.simulation.kick)
            try:
                await opened.open()
                yield opened.path
            finally:
                await self.close_port()

    async def lines(self, *, dtr: bool, rts: bool) -> None:
        """Sets DTR and RTS of the bridge on a dev board, true: asserted.

        RTS alone holds the chip in reset (EN low), DTR alone pulls GPIO0 low, both or neither do
        nothing: Espressif's auto-reset circuit. A board without it refuses.
        """
        await self._ask("lines", dtr=dtr, rts=rts)

    async def close_port(self) -> None:
        """Closes the port, if it is open."""
        if self._port:
            port, self._port = self._port, None
            await port.close()

    @property
    def has_port(self) -> bool:
        """Whether the port is open, and in use where it is only offered."""
        return self._port is not None and self._port.used

    # ---- power and flash ----

    async def power(self, on: bool) -> None:
        """Switches the supply. Off is a power cut now, also inside a flash operation."""
        await self._ask("power", on=on)

    async def cut_power(
        self, *, at_us: int | None = None, after_flash_op: int | None = None, torn: bool = False
    ) -> None:
        """Arms a power cut: at an instant, or at the n-th flash operation from now.

        torn: that operation (a sector erased or a page programmed) is left half done; otherwise
        it is whole, and for an instant inside one, not begun. The board stays off until
        `power(True)`.
        """
        if (at_us is None) == (after_flash_op is None):
            raise BoardError("say either at_us or after_flash_op")
        await self._ask("cut_power", at_us=at_us, after_flash_op=after_flash_op, torn=torn)

    async def flash(self) -> bytes:
        """Image of the file system as it is now."""
        return unpacked((await self._ask("flash"))["flash"])

    async def set_flash(self, data: bytes) -> None:
        """Replaces the file system by an image; the board must be off."""
        await self._ask("set_flash", flash=packed(data))

    # ---- parts and measuring ----

    async def set(self, part: str, **values: Any) -> None:
        """Changes what surrounds a part: `set("bh1750", lux=3)`, `set("battery", mv=3600)`."""
        await self._ask("set", part=part, values=values)

    async def duty(self, pin: str = "lamp", window_us: int = 0) -> float:
        """Fraction of time at high level at the pin, over at least one PWM period before now."""
        return (await self._ask("duty", gpio=self.wiring["PINS"][pin], window_us=window_us))[
            "duty"
        ]

    async def ledger(self) -> dict[str, Any]:
        """Times (us), resets, flash operations and charge since the first power-on.

        {cpu_busy_us, flash_stall_us, awake_us, sleep_us, boots, resets: {cause: n},
        flash: {erases, programs, operations}, parts: {chip: its own ledger},
        energy: {part: {state: {seconds, microampere_hours}}}}; all emulated.
        """
        return await self._ask("ledger")

    async def drain(self, part: str) -> Any:
        """Takes what a part recorded (the radio: its windows and transmissions)."""
        return await self._ask("drain", part=part)
