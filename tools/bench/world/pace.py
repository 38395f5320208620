"""Paced time: the wall clock as the horizon of a simulation."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any, Protocol, Self

from tools.bench.world.errors import SimulationError

STEP_US = 20_000
PORT_STEP_US = 2_000
SLIP_US = 200_000


class WithPort(Protocol):
    """What pacing asks a board."""

    @property
    def has_port(self) -> bool:
        """Whether a person or a program holds its serial port open."""
        ...


class World(Protocol):
    """What pacing uses of a simulation."""

    now_us: int
    pacing: Pace | None

    @property
    def boards(self) -> Mapping[str, WithPort]:
        """The boards by name."""
        ...

    async def step(self, until_us: int) -> Any:
        """Runs to a horizon."""


class Pace:
    """Steps a world along the wall clock, 20 ms at a time; what is too slow becomes slip."""

    def __init__(self, simulation: World, speed: float) -> None:
        self.simulation = simulation
        self.speed = speed
        self.slip_ms = 0.0
        self._task: asyncio.Task[None] | None = None
        self._ending = False
        self._kicked = asyncio.Event()

    async def __aenter__(self) -> Self:
        if self.simulation.pacing:
            raise SimulationError("the world is paced already")
        self.simulation.pacing = self
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Ends pacing after the step under way; raises what ended it before."""
        self.simulation.pacing = None
        self._ending = True
        self._kicked.set()
        if self._task:
            task, self._task = self._task, None
            await task

    def kick(self) -> None:
        """Makes the next step now instead of at its time."""
        self._kicked.set()

    def check(self) -> None:
        """Raises the exception that ended pacing, if one did."""
        if self._task and self._task.done():
            self._task.result()

    async def _run(self) -> None:
        simulation = self.simulation
        wall = time.monotonic()
        world = simulation.now_us
        while not self._ending:
            due = world + (time.monotonic() - wall) * 1e6 * self.speed
            behind = due - simulation.now_us
            if behind > SLIP_US:
                self.slip_ms += (behind - STEP_US) / 1000
                wall = time.monotonic()
                world = simulation.now_us
                behind = STEP_US
            await simulation.step(simulation.now_us + round(min(max(behind, 0), STEP_US)))
            await self._rest(world + (time.monotonic() - wall) * 1e6 * self.speed)

    async def _rest(self, due_us: float) -> None:
        """Waits until a step is worth making: 20 ms, 2 ms with an open port, or a key."""
        open_port = any(board.has_port for board in self.simulation.boards.values())
        step = PORT_STEP_US if open_port else STEP_US
        left = (self.simulation.now_us + step * self.speed - due_us) / 1e6 / self.speed
        if left <= 0:
            await asyncio.sleep(0)
            return
        if self._ending:
            return
        self._kicked.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(left):
                await self._kicked.wait()
