"""A world of emulated boards: the Node process of chips, parts and air, driven from Python.

Everything here is *emulated*. Time is world time in microseconds and moves only when asked to:
by `step` (virtual time) or by `pace` (the wall clock as horizon). What comes from outside enters
between two steps and is written to the trace, so that `replay` makes the same run again.

    SimulationError     the world's process refused a request or ended
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import inspect
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from tools.bench.network.region import load
from tools.bench.world.board import VirtualBoard
from tools.bench.world.errors import BoardError, SimulationError
from tools.bench.world.frames import RxPacket, TxPacket, packed, received
from tools.bench.world.pace import Pace
from tools.bench.world.wiring import fitted, wiring
from tools.setup import paths

MAIN = paths.SIM / "main.mjs"
LINE_LIMIT = 64 << 20
FIRMWARE = {"RP2040": paths.FIRMWARE_BIN, "ESP32": paths.FIRMWARE_ESP32}
"""MicroPython by the MCU of a board file."""

Notice = dict[str, Any]


PacketListener = Callable[[RxPacket], Awaitable[None] | None]


class Simulation:
    """One world. Use as an async context manager; leaving it ends the process and every port.

    seed: decides every random number. trace: file that gets every request and answer.
    firmware: {MCU: file of MicroPython}. cache_model: flash-cache misses cost time.
    region: `network.region.Region.air()`: the channels of radio gateways and the sub-bands that
    the air watches; None: those of the bench's default.
    own_parts: a folder of models of parts beside the bench's own (`sim/README.md`).
    on_answer: called with every line of the process (a replay compares them).
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        trace: Path | None = None,
        firmware: Mapping[str, Path] = FIRMWARE,
        cache_model: bool = True,
        own_parts: Path | None = None,
        on_answer: Callable[[str], None] | None = None,
        region: Mapping[str, Any] | None = None,
    ) -> None:
        self.now_us = 0
        self.boards: dict[str, VirtualBoard] = {}
        self.violations: list[Notice] = []
        self.refusals: list[Notice] = []
        self.pacing: Pace | None = None
        self._firmware = firmware
        self._own_parts = own_parts
        self._options: dict[str, Any] = {
            "seed": seed, "cache_model": cache_model,
            "firmware": {mcu: str(path) for mcu, path in firmware.items()},
            "region": region or load().air(),
        }  # fmt: skip
        self._trace_path = trace
        self._trace: Any = None
        self._on_answer = on_answer
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()
        self._number = 0
        self._exchanges: set[asyncio.Future[dict[str, Any]]] = set()
        self._arrived: list[RxPacket] = []
        self._packet_listeners: list[PacketListener] = []

    async def __aenter__(self) -> Self:
        self._check_firmware()
        if self._trace_path:
            self._trace = self._trace_path.open("w")
        node = str(paths.NODE) if paths.NODE.exists() else "node"
        self._process = await asyncio.create_subprocess_exec(
            node, str(MAIN), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            limit=LINE_LIMIT, start_new_session=True,
        )  # fmt: skip
        await self.request("open", **self._options)
        return self

    def _check_firmware(self) -> None:
        for path in self._firmware.values():
            if not path.exists():
                raise SimulationError(f"there is no firmware at {path}: run `make check`")

    async def __aexit__(self, *exc: object) -> None:
        try:
            if self.pacing:
                await self.pacing.stop()
            for board in self.boards.values():
                await board.close_port()
        finally:
            if self._process:
                await self._end(self._process)
            if self._trace:
                self._trace.close()

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin:
            process.stdin.close()
        try:
            async with asyncio.timeout(1):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    # ---- requests ----

    async def request(self, op: str, **values: Any) -> dict[str, Any]:
        """Sends one request and returns its answer; notices on the way reach their listeners.

        Raises SimulationError with the process's reason.
        """
        answer = await self.send(op, **values)
        if "error" in answer:
            raise SimulationError(answer["error"])
        return answer["ok"]

    async def send(self, op: str, **values: Any) -> dict[str, Any]:
        """Sends one request and returns its whole answer, {"ok": ...} or {"error": reason}.

        The exchange goes on when its caller is cancelled: time that passed has passed.
        """
        exchange = asyncio.ensure_future(self._exchange(op, values))
        self._exchanges.add(exchange)
        exchange.add_done_callback(self._exchanges.discard)
        return await asyncio.shield(exchange)

    async def _exchange(self, op: str, values: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            self._number += 1
            line = json.dumps({"id": self._number, "op": op, **values}, separators=(",", ":"))
            process = self._process
            assert process
            assert process.stdin
            self._record(">", line)
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                process.stdin.write(line.encode() + b"\n")
                await process.stdin.drain()
            answer = await self._answer(process)
            if op == "step" and "ok" in answer:
                self.now_us = answer["ok"]["now_us"]
                self._arrived += [received(frame) for frame in answer["ok"]["heard"]]
            return answer

    async def _answer(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout
        while True:
            line = await process.stdout.readline()
            if not line:
                return {"error": "the world's process ended; its last output is above"}
            text = line.decode().rstrip("\n")
            self._record("<", text)
            if self._on_answer:
                self._on_answer(text)
            message = json.loads(text)
            if "id" in message:
                return message
            self._notice(message)

    def _record(self, direction: str, line: str) -> None:
        if self._trace:
            self._trace.write(f"{direction}{line}\n")

    def _notice(self, notice: Notice) -> None:
        if notice["event"] == "violation":
            self.violations.append(notice)
        elif notice["event"] == "refused":
            self.refusals.append(notice)
        board = self.boards.get(notice.get("board", ""))
        if board:
            board.noticed(notice)

    # ---- the world ----

    def on_received(self, listener: PacketListener) -> None:
        """Calls `listener(packet)` at the end of each packet at a radio gateway."""
        self._packet_listeners.append(listener)

    async def add_board(
        self,
        name: str,
        *,
        board: str = "pico_lora_sx1262",
        sensors: Mapping[str, dict[str, Any]] | None = None,
        flash: bytes | None = None,
        position_m: tuple[float, float] = (0, 0),
        power: bool = True,
        usb: bool = True,
        ppm: float = 0,
        parts: Mapping[str, dict[str, Any] | None] | None = None,
    ) -> VirtualBoard:
        """Puts a board into the world.

        board: file in `boards/`. sensors: entries that replace those of its SENSORS, by role.
        flash: image of its file system (`board.image`).
        usb: a host is plugged in. ppm: how much too long the crystal's seconds are.
        parts: {chip: options}; None instead of options leaves that part off the board.
        """
        pins = wiring(board)
        self._check_emulated(board, pins["MCU"])
        pins["SENSORS"] = pins["SENSORS"] | (sensors or {})
        soldered = fitted(pins, parts or {}, self._own_parts)
        made = VirtualBoard(self, name, pins)
        self.boards[name] = made
        try:
            await self.request(
                "add_board", name=name, wiring=pins, flash=packed(flash) if flash else None,
                position=list(position_m), usb=usb, power=power, parts=soldered, ppm=ppm,
            )  # fmt: skip
        except SimulationError:
            del self.boards[name]
            raise
        return made

    def _check_emulated(self, board: str, mcu: str) -> None:
        if mcu not in self._firmware:
            known = " and ".join(sorted(self._firmware))
            raise BoardError(
                f"the bench emulates {known}, not the {mcu} of boards/{board}.py: "
                f"take a board with one of these"
            )

    async def add_radio_gateway(
        self, gateway_id: str, position_m: tuple[float, float], **options: Any
    ) -> None:
        """Puts a radio gateway of 8 channels into the world; `gateway_id` is 16 hex digits."""
        await self.request(
            "add_radio_gateway", gateway_id=gateway_id, position=list(position_m), options=options
        )

    async def set_air(self, **values: Any) -> None:
        """Sets the air's loss (0..1) and jammers; see `sim/air.mjs`."""
        await self.request("air_set", values=values)

    async def step(self, until_us: int, *, stop_on_received: bool = False) -> list[RxPacket]:
        """Runs to a horizon; returns the frames that ended at a radio gateway, in order of time.

        stop_on_received: return at the end of the first frame, so that an answer to it is in time.
        """
        frames: list[RxPacket] = []
        while self.now_us < until_us:
            await self.request("step", until_us=until_us)
            while self._arrived:
                frames.append(self._arrived.pop(0))
                await self._deliver(frames[-1])
            if stop_on_received and frames:
                break
        return frames

    async def run_s(self, seconds: float) -> list[RxPacket]:
        """Runs the world for so many seconds of its time; otherwise as `step`."""
        return await self.step(self.now_us + round(seconds * 1e6))

    async def advance(self, microseconds: int) -> None:
        """Lets so much world time pass: steps it, or waits for it while the world is paced."""
        if not self.pacing:
            await self.step(self.now_us + microseconds)
            return
        until_us = self.now_us + microseconds
        while self.pacing and self.now_us < until_us:
            self.pacing.check()
            await asyncio.sleep(0.005)

    @contextlib.asynccontextmanager
    async def paced(self) -> AsyncGenerator[None]:
        """Paced time for the length of a block, whether the world is paced already or not."""
        async with contextlib.AsyncExitStack() as stack:
            if not self.pacing:
                await stack.enter_async_context(self.pace())
            yield

    def kick(self) -> None:
        """Something was typed: paced time moves at once."""
        if self.pacing:
            self.pacing.kick()

    async def _deliver(self, heard: RxPacket) -> None:
        for listener in self._packet_listeners:
            result = listener(heard)
            if inspect.isawaitable(result):
                await result

    async def transmit(self, gateway_id: str, downlink: TxPacket) -> str:
        """Asks a radio gateway to send; returns "OK" or another name of `gw.TxAckStatus`."""
        frame = asdict(downlink) | {"payload": base64.b64encode(downlink.payload).decode()}
        return (await self.request("transmit", gateway_id=gateway_id, downlink=frame))["status"]

    def pace(self, speed: float = 1.0) -> Pace:
        """The wall clock as horizon: an async context manager around what runs in paced time."""
        return Pace(self, speed)

    @property
    def slip_ms(self) -> float:
        """How far paced time has fallen behind the wall clock altogether."""
        return self.pacing.slip_ms if self.pacing else 0.0
