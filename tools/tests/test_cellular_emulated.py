"""A node on an emulated Pico with the modem's model: a reading stored, a command applied."""

import asyncio
import json
import time

import pytest
from wire import codec, decoding

from tools import build
from tools.bench.world.image import image
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import wiring
from tools.tests.modem import DEV_EUI
from tools.tests.test_cellular import world

NAME = "pico_lora_sx1262"
MODEM = {"chip": "sim7080g", "uart": 0, "tx": 0, "rx": 1, "key": 9}

pytestmark = pytest.mark.slow


def board_files(far):
    """What the board's file system holds: its ranger's line has the modem."""
    files = build.staged_files(NAME)
    lines = [one for one in files["/board.py"].decode().splitlines() if '"distance"' not in one]
    lines += ['LINK = "cellular"', f"CELLULAR = {MODEM!r}"]
    device = {"name": "square", "dev_eui": DEV_EUI, "profile": "counter", "start_jitter_s": 0}
    cellular = {"apn": "iot.example", "broker": far.address, "token": "t0ken"}
    return files | {
        "/board.py": "\n".join(lines).encode(),
        "/device.json": json.dumps(device).encode(),
        "/cellular.json": json.dumps(cellular).encode(),
        "/ca.pem": far.authority.ca.read_bytes(),
    }


async def test_a_reading_is_stored_and_a_command_applied_over_the_modem(tmp_path):
    async with world(tmp_path) as far, Simulation() as bench:
        flash = image(board_files(far), wiring(NAME)["FLASH"]["fs_size"])
        board = await bench.add_board(
            "square", board=NAME, flash=flash, sensors={"distance": MODEM}, parts={"sx1262": None}
        )
        asked = {"token": 7, "expires": None, "report_s": 120, "sample_s": None}
        far.ask(codec.pack("interval", asked))
        until = time.monotonic() + 100
        while not {20, 21, 12} <= far.ports() and time.monotonic() < until:
            await bench.run_s(0.1)
            await asyncio.sleep(0.002)  # the broker's answer takes real time

        applied = next(one for one in far.stored if one.fport == 21)
        assert decoding.unpack(21, applied.data)[1][0]["token"] == 7
        assert {20, 12} <= far.ports(), "start and reading"
        ledger = (await board.ledger())["parts"]["sim7080g"]
        assert ledger["unknown"] == []
        assert bench.refusals == []
