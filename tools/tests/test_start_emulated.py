"""What a board says at its start when its files are wrong, on an emulated board."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway.devices import Fault
from gateway.devices.lamplighter import decode
from gateway.model import Device
from gateway.notices import Uplink
from tools.bench.world.image import image
from tools.bench.world.lab import BOARD, Lab
from tools.build import BOARDS, staged_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def boot(lab: Lab, changed: dict[str, bytes | None], **more: Any) -> str:
    """What a board prints in its first seconds with these files changed (None: missing)."""
    content = dict(staged_files(BOARD))
    for name, data in changed.items():
        content.pop(name, None)
        if data is not None:
            content[name] = data
    board = await lab.simulation.add_board("b", board=BOARD, flash=image(content), **more)
    await lab.run(6)
    return board.transcript.decode(errors="replace")


def settings(**changes: Any) -> bytes:
    made = {"dev_eui": "70b3d57ed0000009", "join_eui": "00" * 8, "app_key": "00" * 16}
    return json.dumps(made | {"profile": "bin"} | changes).encode()


def board_file(*changes: tuple[str, str]) -> bytes:
    text = (BOARDS / f"{BOARD}.py").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({}, "not set: profile; type config profile and one of bin, counter, lamp"),
        ({"/device.json": b"{"}, "device.json is not one JSON object"),
        ({"/device.json": settings(profile="tree")}, "profile: 'tree' is unknown; use bin or"),
        ({"/device.json": settings(report_s=1)}, "report_s: 1 is not within 60 to 86400"),
        ({"/device.json": settings(colour=1)}, "colour: unknown setting; known are app_key,"),
        (
            {"/device.json": settings(), "/board.py": board_file(('"distance"', '"depth"'))},
            "profile bin needs a distance sensor: add distance to SENSORS of /board.py",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(('"a02yyuw"', '"hal9000"'))},
            "distance sensor hal9000 is unknown: there is no node/sensors/hal9000",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(('"dio1": 20', '"dio1": 2'))},
            "/board.py: GP2 is both",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(('"sx126x"', '"sx9999"'))},
            "radio sx9999 is unknown: there is no radios/sx9999",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(('"busy": 2', '"busy": 22'))},
            "sx126x: ",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(('"vbus": 24', '"vbus": 40'))},
            "error: no usable /board.py (/board.py: vbus: there is no GP40)",
        ),
        (
            {"/board.py": board_file(('"lamp": 6', '"lamp": GP40'))},
            "error: no usable /board.py (name 'GP40' isn't defined)",
        ),
        (
            {"/device.json": settings(), "/board.py": board_file(("RADIO_SPI = 1", ""))},
            "/board.py: radio sx126x needs RADIO_SPI",
        ),
        (
            {
                "/device.json": settings(),
                "/board.py": board_file(("RADIO_SPI = 1", "RADIO_SPI = 0")),
            },
            "/board.py: radio sx126x: bad SCK pin; check RADIO_SPI, sck, mosi, miso",
        ),
        ({"/lib/node/app.mpy": b"M\x05\x02\x1f"}, "incompatible .mpy file, /lib/node/app.mpy"),
        ({"/lib/node/log.mpy": None}, "next:  a file is missing: install the firmware again"),
        ({"/board.py": None}, "error: no usable /board.py"),
        ({"/board.py": b"PINS = {"}, "error: no usable /board.py"),
    ],
)
async def test_what_is_wrong_at_the_start_has_one_clear_sentence(
    changed: dict[str, bytes | None], sentence: str
) -> None:
    async with Lab() as lab:
        text = await boot(lab, changed)

    assert sentence in text
    assert "Traceback" not in text
    assert not re.search(r"the node stopped", text)


async def test_an_incompatible_file_that_is_needed_later_is_named_too() -> None:
    async with Lab() as lab:
        text = await boot(lab, {"/lib/node/start.mpy": b"M\x05\x02\x1f"})
    assert "the node stopped (ValueError: incompatible .mpy file)" in text
    assert "error: ValueError: incompatible .mpy file, /lib/node/start.mpy" in text


async def test_an_incompatible_file_of_the_console_is_named() -> None:
    async with Lab() as lab:
        content = staged_files(BOARD) | {"/lib/node/shell/__init__.mpy": b"M\x05\x02\x1f"}
        board = await lab.simulation.add_board("b", board=BOARD, flash=image(content))
        await lab.run(3)
        await board.write(b"info\r")
        await lab.run(2)

    said = board.transcript.decode(errors="replace")
    assert "error: ValueError: incompatible .mpy file, /lib/node/shell/__init__.mpy" in said


async def test_a_lamp_that_fails_at_every_start_is_lit_joined_and_says_so_in_safe_mode() -> None:
    faulty = {"motion": {"chip": "am312", "pin": 7, "warmup_s": None}}  # ends the start, each time
    async with Lab() as lab:
        unit = await lab.add("lamp", sensors=faulty)

        def statuses() -> list[Any]:
            return [one for one in unit.of("up") if one.f_port == 22]

        assert await lab.run(180, lambda: bool(statuses()), step_s=1)
        assert await unit.board.duty() == 1.0
        assert unit.of("join")
        assert (await lab.ask(unit, "info"))["problem"].startswith("safe mode after 5 crashes: ")
        assert "next" in await lab.ask(unit, "measure")
        network = Device(unit.dev_eui, "lamp", "lamp", "00")
        sent = {"dev_eui": unit.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}
        (fault,) = decode(network, Uplink(fport=22, data=statuses()[0].data, **sent))

    assert isinstance(fault, Fault)
    assert fault.code == "SAFE_MODE"
    assert fault.description == "5 crashes, the last: TypeError: unsuppo"  # 18 bytes of it
    said = unit.board.transcript.decode(errors="replace")
    assert said.count("the node stopped (TypeError") == 5
    assert "correct it, then type reboot" in said
