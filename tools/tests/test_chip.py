"""The emulated RP2040 under the real firmware: sleep, watchdog, power, flash, cable, pins."""

import contextlib
import itertools
import re
from typing import Any

import pytest
import pytest_asyncio

from tools.bench.board import BoardError, files, image
from tools.bench.simulation import Simulation
from tools.setup import paths

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        not paths.FIRMWARE_BIN.exists(), reason="the firmware is not built: run `make setup`"
    ),
]
BARE: dict[str, dict[str, Any] | None] = dict.fromkeys(
    ("sx1262", "lamp", "a02yyuw", "bh1750", "am312")
)


SHARED: dict[str, Simulation] = {}
NAMES = (f"node{i}" for i in itertools.count())


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def shared_street():
    """One process for the boards of this file: it starts once and is warm for most of them."""
    async with Simulation() as made:
        SHARED["street"] = made
        yield
    SHARED.clear()


@contextlib.asynccontextmanager
async def running(usb=True, **options):
    """A fresh bare board at its prompt."""
    street = SHARED["street"]
    parts = options.pop("parts", BARE)
    board = await street.add_board(next(NAMES), parts=parts, usb=usb, **options)
    if usb:
        await board.expect(">>> ", within_s=3)
    yield street, board
    await board.power(False)


PROGRAM = """
import io, machine, time
out = io.StringIO()
%s
f = open("out", "w")
f.write(out.getvalue())
f.close()
"""


@contextlib.asynccontextmanager
async def unplugged(code, within_s=10.0, **parts):
    """A board without a cable (USB keeps it half awake) that has run a program."""
    street = SHARED["street"]
    flash = image({"/main.py": (PROGRAM % code).encode()})
    board = await street.add_board(next(NAMES), parts=BARE | parts, usb=False, flash=flash)
    await street.run_s(within_s)
    yield street, board
    await board.power(False)


async def written(board):
    """What the program wrote; empty when it did not get there."""
    return files(await board.flash()).get("/out", b"").decode()


# ---- power ----


async def test_a_power_cut_loses_memory_and_keeps_the_flash():
    async with running() as (street, board):
        await board.exec("f = open('kept', 'w'); f.write('x'); f.close()\nlost = 1")

        await board.power(False)
        await street.run_s(1)
        await board.power(True)
        await board.expect(">>> ", within_s=3)

        assert (
            await board.exec("import os; print(os.listdir(), 'lost' in globals())")
            == "['kept'] False\n"
        )
        assert board.boots == 2


async def test_power_can_be_cut_at_any_instant():
    async with running() as (street, board):
        await board.write(b"while 1: pass\r\n\r\n")
        at = street.now_us + 123_457
        await board.cut_power(at_us=at)

        await street.run_s(1)

        assert board.notices[-1] == {
            "event": "power", "board": board.name, "on": False, "torn": False,
            "flash_operations": 4, "time_us": at,
        }  # fmt: skip
        assert not board.powered


@pytest.mark.parametrize("torn", [False, True])
async def test_the_file_system_survives_a_power_cut_at_every_flash_operation(torn):
    text = "f = open('data', 'w'); f.write('new' * 500); f.close()\r\n"
    async with running(flash=image({"/data": b"old" * 500})) as (street, board):
        seen = set()
        for operation in range(1, 40):
            before = await board.flash()
            await board.cut_power(after_flash_op=operation, torn=torn)
            await board.write(text.encode())
            await street.run_s(1)
            off = not board.powered
            await board.power(False)
            content = files(await board.flash())["/data"]
            seen.add(content[:3])
            await board.set_flash(before)
            await board.power(True)
            await board.expect(">>> ", within_s=3)

            assert content in {b"old" * 500, b"new" * 500, b""}
            if not off:
                break

        assert b"old" in seen
        assert b"new" in seen


async def test_a_torn_program_leaves_half_a_page_and_a_whole_one_all_of_it():
    image_offset = 8 * 4096
    code = "import rp2; b = rp2.Flash(); b.writeblocks(8, b'\\x00' * 4096)"
    written = {}
    for torn in (False, True):
        async with running() as (street, board):
            await board.cut_power(after_flash_op=2, torn=torn)  # one erase, then pages
            await board.write(code.encode() + b"\r\n")
            await street.run_s(1)
            block = (await board.flash())[image_offset : image_offset + 4096]
            written[torn] = [block[0], block[127], block[128], block[129], block[255], block[256]]

    assert written == {False: [0, 0, 0, 0, 0, 255], True: [0, 0, 0x55, 255, 255, 255]}


async def test_flash_is_not_written_from_outside_while_the_board_runs():
    async with running() as (_, board):
        with pytest.raises(Exception, match=r"node\d+ is powered: switch it off"):
            await board.set_flash(image({}))
        with pytest.raises(BoardError, match="either at_us or after_flash_op"):
            await board.cut_power()


# ---- watchdog and sleep ----


async def test_the_watchdog_bites_when_nobody_feeds_and_time_starts_again():
    async with running() as (street, board):
        await board.write(
            b"import machine; machine.mem32[0x4005800C] = 77; machine.WDT(timeout=2000)\r\n"
        )

        await street.run_s(3)
        await board.expect(">>> .*>>> ", within_s=3)
        said = await board.exec(
            "import machine, time\n"
            "print(machine.reset_cause(), machine.mem32[0x4005800C], time.ticks_ms() < 9000)"
        )

        assert said == "3 77 True\n"
        assert [n["cause"] for n in board.notices if n["event"] == "reset"] == ["watchdog"]
        assert (await board.ledger())["resets"] == {"watchdog": 1, "forced": 0}


async def test_machine_reset_is_a_reset_and_no_loss_of_power():
    async with running() as (_, board):
        await board.write(b"import machine; machine.mem32[0x4005800C] = 78; machine.reset()\r\n")

        await board.expect(r"MicroPython.*>>> ", within_s=3)

        assert await board.exec("import machine; print(machine.mem32[0x4005800C])") == "78\n"
        assert (await board.ledger())["resets"] == {"watchdog": 0, "forced": 1}


async def test_light_sleep_takes_its_time_and_is_counted_apart():
    code = """
t = time.ticks_us()
machine.lightsleep(5000)
out.write(str(time.ticks_diff(time.ticks_us(), t)))"""
    async with unplugged(code) as (_, board):
        ledger = await board.ledger()

        assert 5_000_000 <= int(await written(board)) < 5_003_000
        assert 4_999_000 < ledger["sleep_us"] <= 5_000_000
        assert ledger["refused"] == 0


async def test_a_pin_interrupt_with_a_handler_wakes_from_light_sleep():
    code = """
from machine import Pin
Pin(7, Pin.IN).irq(lambda p: None, Pin.IRQ_RISING)
machine.lightsleep(8000)
out.write(str(time.ticks_ms()))"""
    motion = [[SHARED["street"].now_us + 4_000_000, True]]
    async with unplugged(code, am312={"warm": True, "motion": motion}) as (_, board):
        assert 4000 <= int(await written(board)) <= 4010


async def test_light_sleep_stops_uart_pwm_and_rtc():
    code = """
from machine import Pin, PWM, RTC, UART
lamp = PWM(Pin(6), freq=1000, duty_u16=32768)
rtc = RTC()
rtc.datetime((2026, 3, 5, 0, 12, 0, 0, 0))
u = UART(0, 9600, tx=Pin(0), rx=Pin(1))
time.sleep_ms(500)
heard = u.any()
u.read(heard)
machine.lightsleep(4000)
out.write('%d %d %d' % (heard > 0, u.any(), rtc.datetime()[6]))"""
    async with unplugged(code, a02yyuw={}, lamp={}) as (_, board):
        assert await written(board) == "1 0 0"


async def test_deep_sleep_ends_in_a_reset():
    code = """
import os
if 'slept' in os.listdir():
    out.write('%d' % machine.reset_cause())
else:
    open('slept', 'w').close()
    machine.deepsleep(3000)"""
    async with unplugged(code) as (_, board):
        assert await written(board) == "3"
        assert (await board.ledger())["resets"]["forced"] == 1


async def test_a_watchdog_that_bites_in_light_sleep_hangs_the_chip_until_power_goes():
    async with unplugged("machine.WDT(timeout=3000)\nmachine.lightsleep(5000)") as (street, board):
        [locked] = [n for n in board.notices if n["event"] == "locked"]
        before = (await board.ledger())["cpu_busy_us"]
        await street.run_s(100)

        assert not await written(board)
        assert "hangs until power goes" in locked["sentence"]
        bitten_us = locked["time_us"] - board.notices[0]["time_us"]
        assert 3_000_000 < bitten_us < 3_200_000
        assert (await board.ledger())["cpu_busy_us"] == before

        await board.power(False)
        await board.power(True)
        await street.run_s(1)
        assert (await board.ledger())["cpu_busy_us"] > before


async def test_a_hard_fault_of_the_firmware_locks_the_board_and_is_told():
    async with running() as (street, board):
        await board.exec("@micropython.asm_thumb\ndef load(r0):\n ldr(r0, [r0, 0])")
        await board.write(b"load(0x20000001)\r\n")
        await street.run_s(1)

        assert "not aligned: a hard fault" in board.notices[-1]["sentence"]


# ---- flash ----


async def test_the_flash_stalls_the_core_and_counts_its_operations():
    async with running() as (_, board):
        before = await board.ledger()
        said = await board.exec(
            "import rp2, time; b = rp2.Flash(); t = time.ticks_us()\n"
            "b.writeblocks(8, bytes(4096))\n"
            "print(time.ticks_diff(time.ticks_us(), t))"
        )
        after = await board.ledger()

        assert 51_400 <= int(said) <= 53_000  # 45 ms and 16 pages of 0.4 ms
        assert after["flash"]["erases"] - before["flash"]["erases"] == 1
        assert after["flash"]["programs"] - before["flash"]["programs"] == 16
        assert after["flash_stall_us"] - before["flash_stall_us"] == 51_400


async def test_programming_can_only_clear_bits():
    async with running() as (_, board):
        await board.exec(
            "import rp2; b = rp2.Flash()\n"
            "b.writeblocks(8, b'\\x0f' * 4096); b.writeblocks(8, b'\\xf1' * 256, 0)"
        )

        block = (await board.flash())[8 * 4096 : 8 * 4096 + 257]

        assert block == b"\x01" * 256 + b"\x0f"


# ---- cable ----


async def test_a_host_that_stops_reading_blocks_a_print_and_gets_everything_later():
    async with running() as (street, board):
        await board.exec(
            "import time\ndef run():\n    t = time.ticks_ms()\n"
            "    for i in range(20): print('%04d' % i * 20)\n"
            "    return time.ticks_diff(time.ticks_ms(), t)"
        )
        await board.stop_reading()
        await board.write(b"t = run()\r\n")
        await street.run_s(15)
        assert await board.read() == b""

        await board.stop_reading(stopped=False)
        await board.expect(">>> ", within_s=3)
        blocked = await board.exec("print(t)")

        assert int(blocked) > 1000


async def test_what_is_typed_is_never_lost_however_much_it_is():
    async with running() as (_, board):
        text = "x = '" + "0123456789" * 400 + "'"
        await board.exec(text + "\nprint(len(x))")
        await board.write(b"import sys; print(len(sys.stdin.read(20000)))\r\n" + b"a" * 20000)

        await board.expect("\r\n20000\r\n", within_s=20)


async def test_without_a_cable_vbus_is_low_and_plugging_in_opens_the_port():
    async with running(usb=False) as (street, board):
        await street.run_s(1)
        assert board.transcript == b""

        await board.usb(True)
        await board.expect(">>> ", within_s=2)
        plugged = await board.exec("from machine import Pin; print(Pin(24, Pin.IN).value())")
        await board.usb(False)
        await board.write(b"print(Pin(24, Pin.IN).value(), 'typed without a cable')\r\n")
        await street.run_s(1)
        silent = await board.read()
        await board.usb(True)

        await board.expect("0 typed without a cable|1 typed without a cable", within_s=2)
        assert plugged == "1\n"
        assert silent == b""


# ---- pins, pwm, adc ----


async def test_outputs_read_back_and_pulls_hold():
    async with running() as (_, board):
        said = await board.exec("""
import machine
from machine import Pin
p = Pin(14, Pin.OUT)
seen = []
for v in (1, 0, 1):
    p.value(v)
    seen.append(p.value())
seen.append(Pin(15, Pin.IN, Pin.PULL_UP).value())
seen.append(Pin(15, Pin.IN, Pin.PULL_DOWN).value())
u = machine.UART(0, 9600, tx=Pin(16), rx=Pin(17))
seen.append(machine.mem32[0xD0000004] >> 16 & 1)
print(seen)""")

        assert said == "[1, 0, 1, 1, 0, 1]\n"


@pytest.mark.parametrize(
    ("frequency", "duty"), [(1000, 0.4), (1000, 0.0), (1000, 1.0), (200, 0.01), (20_000, 0.75)]
)
async def test_duty_is_measured_at_the_pin(frequency, duty):
    async with running(parts=BARE | {"lamp": {}}) as (street, board):
        await board.exec(
            "from machine import PWM, Pin\n"
            f"p = PWM(Pin(6), freq={frequency}, duty_u16={round(duty * 65535)})"
        )
        await street.run_s(0.1)

        assert abs(await board.duty("lamp") - duty) < 0.0005
        assert abs(await board.duty("lamp", window_us=50_000) - duty) < 0.0005


async def test_the_battery_is_what_the_adc_reads():
    async with running() as (_, board):
        await board.set("battery", mv=3600)

        said = await board.exec(
            "from machine import ADC; print(ADC(3).read_u16() * 9900 // 65535)"
        )

        assert abs(int(said) - 3600) < 5


async def test_random_numbers_come_from_the_seed():
    said = []
    for seed in (1, 1, 2):
        async with Simulation(seed=seed) as street:
            board = await street.add_board("node", parts=BARE)
            await board.expect(">>> ", within_s=3)
            said.append(await board.exec("import os; print(os.urandom(16))"))

    assert said[0] == said[1]
    assert said[0] != said[2]


async def test_two_boards_have_different_unique_ids():
    async with Simulation() as street:
        ids = set()
        for name in ("one", "two"):
            board = await street.add_board(name, parts=BARE)
            await board.expect(">>> ", within_s=3)
            ids.add(
                await board.exec(
                    "import machine, binascii; print(binascii.hexlify(machine.unique_id()))"
                )
            )

    assert len(ids) == 2
    assert all(re.fullmatch(r"b'[0-9a-f]{16}'\n", one) for one in ids)
