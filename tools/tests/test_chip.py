"""The emulated RP2040 under the real firmware: sleep, watchdog, cable, pins."""

import re

import pytest

from tools.bench.world.image import files
from tools.bench.world.simulation import Simulation

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def written(board):
    """What the program wrote; empty when it did not get there."""
    return files(await board.flash()).get("/out", b"").decode()


# ---- watchdog and sleep ----


async def test_the_watchdog_bites_when_nobody_feeds_and_time_starts_again(running):
    async with running() as (world, board):
        await board.write(
            b"import machine; machine.mem32[0x4005800C] = 77; machine.WDT(timeout=2000)\r\n"
        )

        await world.run_s(3)
        await board.expect(">>> .*>>> ", within_s=3)
        said = await board.exec(
            "import machine, time\n"
            "print(machine.reset_cause(), machine.mem32[0x4005800C], time.ticks_ms() < 9000)"
        )

        assert said == "3 77 True\n"
        assert [n["cause"] for n in board.notices if n["event"] == "reset"] == ["watchdog"]
        assert (await board.ledger())["resets"] == {"watchdog": 1, "forced": 0}


async def test_machine_reset_is_a_reset_and_no_loss_of_power(running):
    async with running() as (_, board):
        await board.write(b"import machine; machine.mem32[0x4005800C] = 78; machine.reset()\r\n")

        await board.expect(r"MicroPython.*>>> ", within_s=3)

        assert await board.exec("import machine; print(machine.mem32[0x4005800C])") == "78\n"
        assert (await board.ledger())["resets"] == {"watchdog": 0, "forced": 1}


async def test_light_sleep_takes_its_time_and_is_counted_apart(unplugged):
    code = """
t = time.ticks_us()
machine.lightsleep(5000)
out.write(str(time.ticks_diff(time.ticks_us(), t)))"""
    async with unplugged(code) as (_, board):
        ledger = await board.ledger()

        assert 5_000_000 <= int(await written(board)) < 5_003_000
        assert 4_999_000 < ledger["sleep_us"] <= 5_000_000
        assert ledger["refused"] == 0


async def test_a_pin_interrupt_with_a_handler_wakes_from_light_sleep(unplugged, world):
    code = """
from machine import Pin
Pin(7, Pin.IN).irq(lambda p: None, Pin.IRQ_RISING)
machine.lightsleep(8000)
out.write(str(time.ticks_ms()))"""
    motion = [[world.now_us + 4_000_000, True]]
    async with unplugged(code, am312={"warm": True, "motion": motion}) as (_, board):
        assert 4000 <= int(await written(board)) <= 4010


async def test_light_sleep_stops_uart_pwm_and_rtc(unplugged):
    code = """
from machine import Pin, PWM, RTC, UART
lamp = PWM(Pin(6), freq=1000, duty_u16=32768)
rtc = RTC()
rtc.datetime((2026, 3, 5, 0, 12, 0, 0, 0))
Pin(8, Pin.OUT, value=1)  # the sensor's supply
u = UART(0, 9600, tx=Pin(0), rx=Pin(1))
time.sleep_ms(900)
heard = u.any()
u.read(heard)
machine.lightsleep(4000)
out.write('%d %d %d' % (heard > 0, u.any(), rtc.datetime()[6]))"""
    async with unplugged(code, a02yyuw={}, lamp={}) as (_, board):
        assert await written(board) == "1 0 0"


async def test_a_dimmed_lamp_freezes_at_its_level_in_light_sleep(unplugged):
    code = """
from machine import Pin, PWM
lamp = PWM(Pin(6), freq=1000, duty_u16=32768)
time.sleep_ms(500)
machine.lightsleep(3000)"""
    async with unplugged(code, within_s=2.5, lamp={}) as (world, board):
        asleep = await board.duty("lamp", window_us=100_000)
        await world.run_s(2)

        assert asleep in {0, 1}
        assert await board.duty("lamp", window_us=100_000) == pytest.approx(0.5, abs=0.001)


async def test_deep_sleep_ends_in_a_reset(unplugged):
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


async def test_a_watchdog_that_bites_in_light_sleep_hangs_the_chip_until_power_goes(unplugged):
    async with unplugged("machine.WDT(timeout=3000)\nmachine.lightsleep(5000)") as (world, board):
        [locked] = [n for n in board.notices if n["event"] == "locked"]
        before = (await board.ledger())["cpu_busy_us"]
        await world.run_s(100)

        assert not await written(board)
        assert "hangs until power goes" in locked["sentence"]
        bitten_us = locked["time_us"] - board.notices[0]["time_us"]
        assert 3_000_000 < bitten_us < 3_200_000
        assert (await board.ledger())["cpu_busy_us"] == before

        await board.power(False)
        await board.power(True)
        await world.run_s(1)
        assert (await board.ledger())["cpu_busy_us"] > before


async def test_a_hard_fault_of_the_firmware_locks_the_board_and_is_told(running):
    async with running() as (world, board):
        await board.exec("@micropython.asm_thumb\ndef load(r0):\n ldr(r0, [r0, 0])")
        await board.write(b"load(0x20000001)\r\n")
        await world.run_s(1)

        assert "not aligned: a hard fault" in board.notices[-1]["sentence"]


# ---- cable ----


async def test_a_host_that_stops_reading_blocks_a_print(running):
    async with running() as (world, board):
        await board.exec(
            "import time\ndef run():\n    t = time.ticks_ms()\n"
            "    for i in range(20): print('%04d' % i * 20)\n"
            "    return time.ticks_diff(time.ticks_ms(), t)"
        )
        await board.stop_reading()
        await board.write(b"t = run()\r\n")
        await world.run_s(15)
        assert await board.read() == b""

        await board.stop_reading(stopped=False)
        await board.expect(">>> ", within_s=3)
        blocked = await board.exec("print(t)")

        assert int(blocked) > 1000


async def test_what_is_typed_is_never_lost_however_much_it_is(running):
    async with running() as (_, board):
        text = "x = '" + "0123456789" * 400 + "'"
        await board.exec(text + "\nprint(len(x))")
        await board.write(b"import sys; print(len(sys.stdin.read(20000)))\r\n" + b"a" * 20000)

        await board.expect("\r\n20000\r\n", within_s=20)


async def test_without_a_cable_vbus_is_low_and_plugging_in_opens_the_port(running):
    async with running(usb=False) as (world, board):
        await world.run_s(1)
        assert board.transcript == b""

        await board.usb(True)
        await board.expect(">>> ", within_s=2)
        plugged = await board.exec("from machine import Pin; print(Pin(24, Pin.IN).value())")
        await board.usb(False)
        await board.write(b"print(Pin(24, Pin.IN).value(), 'typed without a cable')\r\n")
        await world.run_s(1)
        silent = await board.read()
        await board.usb(True)

        await board.expect("0 typed without a cable|1 typed without a cable", within_s=2)
        assert plugged == "1\n"
        assert silent == b""


async def test_a_chip_without_its_cable_sleeps_as_before(running):
    async with running() as (world, board):
        await board.usb(False)
        await world.run_s(0.1)
        before = await board.ledger()
        await world.run_s(2)
        after = await board.ledger()

        assert after["cpu_busy_us"] - before["cpu_busy_us"] < 20_000


# ---- pins, pwm, adc ----


async def test_outputs_read_back_and_pulls_hold(running):
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
async def test_duty_is_measured_at_the_pin(running, frequency, duty):
    async with running(parts={"lamp": {}}) as (world, board):
        await board.exec(
            "from machine import PWM, Pin\n"
            f"p = PWM(Pin(6), freq={frequency}, duty_u16={round(duty * 65535)})"
        )
        await world.run_s(0.1)

        assert abs(await board.duty("lamp") - duty) < 0.0005
        assert abs(await board.duty("lamp", window_us=50_000) - duty) < 0.0005


async def test_the_battery_is_what_the_adc_reads(running):
    async with running() as (_, board):
        await board.set("battery", mv=3600)

        said = await board.exec(
            "from machine import ADC; print(ADC(3).read_u16() * 9900 // 65535)"
        )

        assert abs(int(said) - 3600) < 5


async def test_random_numbers_come_from_the_seed(bare):
    said = []
    for seed in (1, 1, 2):
        async with Simulation(seed=seed) as world:
            board = await world.add_board("node", parts=bare)
            await board.expect(">>> ", within_s=3)
            said.append(await board.exec("import os; print(os.urandom(16))"))

    assert said[0] == said[1]
    assert said[0] != said[2]


async def test_two_boards_have_different_unique_ids(bare):
    async with Simulation() as world:
        ids = set()
        for name in ("one", "two"):
            board = await world.add_board(name, parts=bare)
            await board.expect(">>> ", within_s=3)
            ids.add(
                await board.exec(
                    "import machine, binascii; print(binascii.hexlify(machine.unique_id()))"
                )
            )

    assert len(ids) == 2
    assert all(re.fullmatch(r"b'[0-9a-f]{16}'\n", one) for one in ids)
