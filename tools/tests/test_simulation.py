"""The world's process and its boards from Python: emulated, virtual time, real firmware."""

import asyncio
import contextlib
import time

import pytest

from tools.bench.world.errors import BoardError, SimulationError
from tools.bench.world.frames import TxPacket
from tools.bench.world.image import files, image
from tools.bench.world.replay import replay
from tools.bench.world.simulation import Simulation
from tools.setup import paths
from tools.tests.bare_boards import bare

pytestmark = pytest.mark.skipif(
    not paths.FIRMWARE_BIN.exists(), reason="the firmware is not built: run `make check`"
)
BARE = bare()
GATEWAY = "0102030405060708"

# Sends one LoRa packet of 12 bytes at SF7 by the SX1262's own commands, then "sent".
TRANSMIT = """
import board, machine, time
from machine import Pin, SPI
P = board.PINS
spi = SPI(1, baudrate=8000000, sck=Pin(P["sck"]), mosi=Pin(P["mosi"]), miso=Pin(P["miso"]))
nss = Pin(P["nss"], Pin.OUT, value=1)
busy = Pin(P["busy"], Pin.IN)
dio1 = Pin(P["dio1"], Pin.IN)
reset = Pin(P["reset"], Pin.OUT, value=1)
def command(*data):
    while busy.value():
        pass
    answer = bytearray(len(data))
    nss(0)
    spi.write_readinto(bytes(data), answer)
    nss(1)
    return answer
reset(0); time.sleep_ms(1); reset(1)
for data in ((0x80, 0), (0x97, 1, 0, 1, 0x40), (0x89, 0x7F), (0x9D, 1), (0x8A, 1),
             (0x98, 0xD7, 0xDB), (0x86, 0x36, 0x41, 0x99, 0x9A), (0x95, 4, 7, 0, 1),
             (0x8E, 14, 4), (0x8F, 0, 0), (0x8B, 7, 4, 1, 0), (0x8C, 0, 8, 0, 12, 1, 0),
             (0x0D, 7, 0x40, 0x34, 0x44), (0x08, 2, 1, 2, 1, 0, 0, 0, 0)):
    command(*data)
command(0x0E, 0, *b"hello street")
command(0x83, 0, 0, 0)
while not dio1.value():
    pass
print("sent")
"""
BOARD_FILE = (paths.ROOT / "boards" / "pico_lora_sx1262.py").read_bytes()


@contextlib.asynccontextmanager
async def running(usb=True, **options):
    """One bare board at its prompt."""
    async with Simulation() as world:
        board = await world.add_board("node", parts=options.pop("parts", BARE), usb=usb, **options)
        if usb:
            await board.expect(">>> ", within_s=3)
        yield world, board


async def test_the_real_firmware_boots_runs_main_and_keeps_files():
    flash = image(
        {"/main.py": b"import lib.x\nprint('main ran', lib.x.Y)\n", "/lib/x.py": b"Y = 7\n"}
    )
    async with running(flash=flash) as (_, board):
        await board.exec("f = open('made.txt', 'w')\nf.write('abc' * 100)\nf.close()")

        found = files(await board.flash())

        assert b"main ran 7" in board.transcript
        assert found["/made.txt"] == b"abc" * 100
        assert found["/lib/x.py"] == b"Y = 7\n"


async def test_code_that_fails_on_the_board_raises_with_its_traceback():
    async with running() as (_, board):
        with pytest.raises(BoardError, match="ZeroDivisionError"):
            await board.exec("1 / 0")


async def test_expecting_what_never_comes_shows_the_last_lines():
    async with running() as (world, board):
        with pytest.raises(
            TimeoutError, match=r"did not print 'never'(?s:.*)MicroPython"
        ) as error:
            await board.expect("never", within_s=0.5)

        assert "0.5 s of world time" in str(error.value)
        assert world.now_us < 3_000_000


async def test_idle_time_costs_nothing_and_passes_exactly():
    async with running() as (world, board):
        await board.write(
            b"import time; t = time.ticks_ms(); time.sleep(3600); "
            b"print(time.ticks_diff(time.ticks_ms(), t))\r\n"
        )
        wall = time.monotonic()

        await world.run_s(3601)

        assert b"\r\n3600000\r\n" in board.transcript
        assert time.monotonic() - wall < 3


async def test_an_unknown_board_part_or_request_is_named_in_a_sentence():
    async with running() as (world, board):
        with pytest.raises(
            BoardError, match=r"there is no board nosuch: choose one of .*pico_lora_sx1262"
        ):
            await world.add_board("other", board="nosuch")
        with pytest.raises(
            BoardError, match="emulates ESP32 and RP2040, not the ESP32S3 of boards/h"
        ):
            await world.add_board("other", board="heltec_v3")
        with pytest.raises(BoardError, match="the board has no part nosuch: it has sx1262"):
            await world.add_board("other", parts={"nosuch": {}})
        with pytest.raises(SimulationError, match="there is a board node already"):
            await world.add_board("node", parts=BARE)
        with pytest.raises(SimulationError, match="node has no part lamp; it has reed"):
            await board.set("lamp", level=1)
        with pytest.raises(SimulationError, match="the world does not know the request nonsense"):
            await world.request("nonsense")


async def test_without_firmware_the_world_says_what_to_do(tmp_path):
    with pytest.raises(SimulationError, match=r"there is no firmware .*make check"):
        async with Simulation(firmware={"RP2040": tmp_path / "none.bin"}):
            pass


async def test_leaving_the_world_ends_its_process_even_in_the_middle_of_a_step():
    world = Simulation()
    async with world:
        board = await world.add_board(
            "node", parts=BARE, flash=image({"/main.py": b"while True: pass\n"})
        )
        stepping = asyncio.create_task(world.run_s(3600))
        await asyncio.sleep(0.3)
        stepping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stepping
        process = world._process
        assert board.powered

    assert process is not None
    assert process.returncode is not None


async def test_a_world_whose_process_died_says_so():
    async with running() as (world, board):
        assert world._process is not None
        world._process.kill()
        await world._process.wait()

        for _ in range(2):
            with pytest.raises(SimulationError, match="the world's process ended"):
                await board.write(b"x")


async def test_a_step_whose_caller_gave_up_still_counts():
    async with running() as (world, _):
        before = world.now_us
        stepping = asyncio.create_task(world.run_s(5))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        stepping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await stepping

        await world.run_s(1)

        assert world.now_us - before in {5_000_000, 6_000_000}


async def test_a_step_stops_at_the_end_of_a_frame_so_that_an_answer_is_in_time():
    async with Simulation() as world:
        await world.add_radio_gateway(GATEWAY, (300, 0))
        flash = image({"/main.py": TRANSMIT.encode(), "/board.py": BOARD_FILE})
        board = await world.add_board("node", flash=flash, parts=BARE | {"sx1262": {}})

        [heard] = await world.step(600_000_000, stop_on_received=True)
        soon = TxPacket(heard.time_us + 1_000_000, 868_100_000, 7, 125_000, 14, b"answer")
        late = TxPacket(heard.time_us - 1, 868_100_000, 7, 125_000, 14, b"answer")

        assert heard.payload == b"hello street"
        assert (heard.sf, heard.bandwidth_hz, heard.code_rate, heard.crc_ok) == (
            7,
            125_000,
            "4/5",
            True,
        )
        assert world.now_us == heard.time_us
        assert (await board.ledger())["time_us"] - heard.time_us in {0, 1}
        assert await world.transmit(GATEWAY, late) == "TOO_LATE"
        assert await world.transmit(GATEWAY, soon) == "OK"
        assert world.refusals == []


async def test_on_received_is_told_inside_expect_and_may_answer():
    answered = []
    async with Simulation() as world:
        await world.add_radio_gateway(GATEWAY, (300, 0))

        async def answer(heard):
            answered.append(
                await world.transmit(
                    GATEWAY, TxPacket(None, 869_525_000, 9, 125_000, 14, heard.payload)
                )
            )

        world.on_received(answer)
        flash = image({"/main.py": TRANSMIT.encode(), "/board.py": BOARD_FILE})
        board = await world.add_board("node", flash=flash, parts=BARE | {"sx1262": {}})

        await board.expect("sent", within_s=2)
        await world.run_s(0.05)

        assert answered == ["OK"]


@pytest.mark.slow
async def test_the_same_seed_and_inputs_make_the_same_trace_and_a_replay_equals_the_run(tmp_path):
    async def run(name, seed):
        path = tmp_path / name
        async with Simulation(seed=seed, trace=path) as world:
            await world.add_radio_gateway(GATEWAY, (300, 0))
            flash = image({"/main.py": TRANSMIT.encode(), "/board.py": BOARD_FILE})
            for i in range(2):
                await world.add_board(f"node{i}", flash=flash, position_m=(0, i * 50))
            board = world.boards["node1"]
            await board.expect("sent", within_s=2)
            await board.write(b"import os; print(os.urandom(8))\r\n")
            await board.cut_power(at_us=world.now_us + 400_000)
            await world.run_s(1)
        return path

    first, second, other = await run("first", 1), await run("second", 1), await run("other", 2)
    again = await replay(first)

    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes() != other.read_bytes()
    assert again.equal
    assert again.answers > 20


async def test_a_replay_names_the_answer_that_differs(tmp_path):
    path = tmp_path / "trace"
    async with Simulation(trace=path) as world:
        await world.add_board("node", parts=BARE)
        await world.run_s(0.5)
    lines = path.read_text().splitlines()
    changed = [line.replace('"time_us":0', '"time_us":1') for line in lines]
    path.write_text("\n".join(changed))

    result = await replay(path)

    assert "answer 2 was" in result.difference


async def test_two_boards_never_step_more_than_a_millisecond_apart():
    busy = image({"/main.py": b"while True: pass\n"})
    async with Simulation() as world:
        for name in ("one", "two", "three"):
            await world.add_board(name, parts=BARE, flash=busy)

        await world.run_s(0.05)
        clocks = [(await board.ledger())["time_us"] for board in world.boards.values()]

        assert max(clocks) - min(clocks) <= 1


@pytest.mark.slow
async def test_paced_time_follows_the_wall_clock():
    async with running() as (world, _):
        start, wall = world.now_us, time.monotonic()

        async with world.pace() as pace:
            await asyncio.sleep(1)
            passed, elapsed = world.now_us - start, time.monotonic() - wall

        assert abs(passed / 1e6 + pace.slip_ms / 1000 - elapsed) < 0.15
        with pytest.raises(SimulationError, match="paced already"):
            async with world.pace(), world.pace():
                pass
