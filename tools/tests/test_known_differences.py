"""A test for each line of KNOWN_DIFFERENCES.md that no other test holds, and one for the list."""

import re
from pathlib import Path

import pytest

from tools.bench.world.image import files, image
from tools.bench.world.simulation import Simulation
from tools.setup import paths

pytestmark = pytest.mark.asyncio(loop_scope="module")
LIST = paths.ROOT / "tools" / "bench" / "KNOWN_DIFFERENCES.md"


async def test_every_line_of_the_list_names_a_test_that_exists():
    board, parts = LIST.read_text().split("## Parts and air")
    rows = [line for line in board.splitlines() if re.match(r"\| (?!what)[^-]", line)]
    named = [re.findall(r"`(test_\w+)`", row) for row in rows]
    folder = Path(__file__).parent
    python = "\n".join(path.read_text() for path in folder.rglob("test_*.py"))
    node = "\n".join(path.read_text() for path in folder.glob("node/*.test.mjs"))
    titles = [
        re.sub(r"\\\$\\\{.*?\\\}", ".+", re.escape(title))
        for _, title in re.findall(r"\btest\((['`])(.+?)\1", node)
    ]
    others = [line for line in parts.splitlines() if re.match(r"\| (?!what)[^-]", line)]

    assert [row for row, names in zip(rows, named, strict=True) if len(names) != 1] == []
    assert [name for [name] in named if f"def {name}(" not in python] == []
    for line in others:
        [name] = re.findall(r"`([^`]+)` \|$", line)
        in_node = any(re.fullmatch(title, name) for title in titles)
        assert in_node or f"def {name}(" in python, line


async def test_the_flash_cache_makes_code_slower(running):
    code = """
import time
def work():
    d = {}
    for i in range(2000):
        d[i & 63] = str(i) + 'x'
t = time.ticks_us(); work(); print(time.ticks_diff(time.ticks_us(), t))"""
    took = {}
    for cache in (False, True):
        async with Simulation(cache_model=cache) as world, running(world) as (_, board):
            took[cache] = int(await board.exec(code))

    # how much depends on where the compiler laid the code: 1.12 by gcc 14, more by gcc 12
    assert 1.05 < took[True] / took[False] < 2.5


async def test_dormant_never_ends(running):
    async with running() as (world, board):
        await board.usb(False)
        await board.write(b"import machine; machine.lightsleep()\r\n")
        await board.usb(True)
        await world.run_s(1)

        assert "went dormant" in board.notices[-1]["sentence"]


@pytest.mark.parametrize("ppm", [30, -30])
async def test_a_crystal_that_is_wrong_shifts_the_board_against_the_world(bare, ppm):
    flash = image(
        {"/main.py": b"import time\ntime.sleep(1000 - time.ticks_ms() / 1000)\nprint('now')\n"}
    )
    async with Simulation() as world:
        board = await world.add_board("node", parts=bare, ppm=ppm, flash=flash)
        await world.step(999_900_000)
        assert b"now" not in board.transcript

        while b"now" not in board.transcript:
            await world.run_s(0.001)

        assert abs(world.now_us - 1_000_000_000 - ppm * 1000) < 5000


async def test_the_crystal_is_exact_by_default(running):
    async with running() as (world, board):
        start_us = board.notices[0]["time_us"]
        await board.write(
            b"import time; time.sleep_us(10_000_000 - time.ticks_us()); print('now')\r\n"
        )
        await world.step(start_us + 9_999_000)
        assert b"\nnow" not in board.transcript

        await world.step(start_us + 10_003_000)

        assert b"\nnow" in board.transcript


async def test_a_wrong_baud_rate_receives_damage(running):
    code = """
from machine import Pin, UART
Pin(8, Pin.OUT, value=1)  # the sensor's supply
u = UART(0, %d, tx=Pin(0), rx=Pin(1))
import time
time.sleep_ms(900)
print(b'\\xff\\x04' in u.read(u.any()))"""
    async with running(parts={"a02yyuw": {"distance_mm": 1100}}) as (_, board):
        said = [await board.exec(code % baud) for baud in (9600, 9700, 115200)]

    assert said == ["True\n", "True\n", "False\n"]


async def test_a_thread_locks_the_board(running):
    async with running() as (world, board):
        await board.write(b"import _thread; _thread.start_new_thread(print, ())\r\n")
        await world.run_s(1)

        assert "emulates core 0 only" in board.notices[-1]["sentence"]


async def test_a_torn_page_reads_the_same_each_time(running):
    async with running() as (world, board):
        await board.cut_power(after_flash_op=2, torn=True)
        await board.write(b"import rp2; b = rp2.Flash(); b.writeblocks(8, bytes(4096))\r\n")
        await world.run_s(1)
        await board.power(True)
        await board.expect(">>> ", within_s=3)

        said = await board.exec(
            "import rp2; b = rp2.Flash(); r = set()\n"
            "for i in range(20):\n x = bytearray(256); b.readblocks(8, x, 0); r.add(bytes(x))\n"
            "print(len(r))"
        )

        assert said == "1\n"


async def test_float_arithmetic_takes_an_invented_time(running):
    code = """
import time
def work(x):
    for i in range(5000):
        x * x; x * x; x * x; x * x
t = time.ticks_us(); work(1.5); a = time.ticks_diff(time.ticks_us(), t)
t = time.ticks_us(); work(1); print(a, time.ticks_diff(time.ticks_us(), t))"""
    async with Simulation(cache_model=False) as world, running(world) as (_, board):
        floats, integers = map(int, (await board.exec(code)).split())

    # A float product costs the allocation of its result and the ROM's call, both under 10 us here.
    assert 0 < (floats - integers) / 20_000 < 10


async def test_waking_from_light_sleep_has_a_floor(bare):
    main = b"""
import machine, time
t = time.ticks_us()
machine.lightsleep(100)
t = time.ticks_diff(time.ticks_us(), t)
with open("out", "w") as f:
    f.write(str(t))
"""
    flash = image({"/main.py": main})
    async with Simulation() as world:
        board = await world.add_board("node", parts=bare, usb=False, flash=flash)
        await world.run_s(1)

        assert 100_200 < int(files(await board.flash())["/out"]) < 102_000


async def test_a_new_duty_acts_at_once(running):
    async with running(parts={"lamp": {}}) as (world, board):
        await board.exec("from machine import PWM, Pin; p = PWM(Pin(6), freq=10, duty_u16=0)")
        await world.run_s(0.2)
        await board.write(b"p.duty_u16(65535)\r\n")
        await world.run_s(0.03)

        assert (await board.ledger())["parts"]["lamp"]["duty"] > 0.99


async def test_the_adc_has_no_noise(running):
    async with running() as (_, board):
        said = await board.exec(
            "from machine import ADC; a = ADC(3); print(len({a.read_u16() for i in range(50)}))"
        )

        assert said == "1\n"


async def test_a_floating_input_reads_low(running):
    async with running() as (_, board):
        said = await board.exec("from machine import Pin; print(Pin(15, Pin.IN, None).value())")

        assert said == "0\n"


async def test_a_scan_finds_the_sensor(running):
    async with running(parts={"bh1750": {}}) as (_, board):
        said = await board.exec(
            "from machine import I2C, Pin; print(I2C(0, sda=Pin(4), scl=Pin(5)).scan())"
        )

        assert said == "[35]\n"


async def test_the_boot_loader_stops_the_chip(running):
    async with running() as (world, board):
        await board.write(b"import machine; machine.bootloader()\r\n")
        await world.run_s(1)
        before = (await board.ledger())["cpu_busy_us"]
        await world.run_s(1)

        assert (await board.ledger())["cpu_busy_us"] == before


async def test_the_port_opens_two_tenths_of_a_second_after_power(bare):
    async with Simulation() as world:
        board = await world.add_board("node", parts=bare)
        await world.run_s(1)
        [opened] = [n["time_us"] for n in board.notices if n["event"] == "port"]

        assert 100_000 < opened < 250_000


async def test_light_sleep_lasts_with_a_host_plugged_in(running):
    async with running() as (_, board):
        said = await board.exec(
            "import machine, time; t = time.ticks_ms(); machine.lightsleep(2000)\n"
            "print(time.ticks_diff(time.ticks_ms(), t))"
        )

        assert 2000 <= int(said) <= 2003


async def test_currents_are_constants(running):
    async with running() as (world, board):
        await world.run_s(10)
        energy = (await board.ledger())["energy"]["rp2040"]

        for state, microamps in (("run", 24_000), ("idle", 19_000)):
            spent = energy[state]
            assert spent["microampere_hours"] * 3600 / spent["seconds"] == pytest.approx(microamps)


async def test_pio_runs(running):
    code = """
import rp2
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def high():
    set(pins, 1)
sm = rp2.StateMachine(0, high, set_base=Pin(14))
sm.active(1)
import time
time.sleep_ms(1)
sm.active(0)
print(Pin(14).value())"""
    async with running() as (_, board):
        assert await board.exec(code) == "1\n"
