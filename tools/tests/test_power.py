"""Power cuts and flash of the emulated board: whole and torn operations, real firmware."""

import pytest

from tools.bench.world.errors import BoardError, SimulationError
from tools.bench.world.image import files, image

pytestmark = pytest.mark.asyncio(loop_scope="module")


# ---- power ----


async def test_a_power_cut_loses_memory_and_keeps_the_flash(running):
    async with running() as (world, board):
        await board.exec("f = open('kept', 'w'); f.write('x'); f.close()\nlost = 1")

        await board.power(False)
        await world.run_s(1)
        await board.power(True)
        await board.expect(">>> ", within_s=3)

        assert (
            await board.exec("import os; print(os.listdir(), 'lost' in globals())")
            == "['kept'] False\n"
        )
        assert board.boots == 2


async def test_power_can_be_cut_at_any_instant(running):
    async with running() as (world, board):
        await board.write(b"while 1: pass\r\n\r\n")
        at = world.now_us + 123_457
        await board.cut_power(at_us=at)

        await world.run_s(1)

        assert board.notices[-1] == {
            "event": "power", "board": board.name, "on": False, "torn": False,
            "flash_operations": 4, "time_us": at,
        }  # fmt: skip
        assert not board.powered


@pytest.mark.parametrize("torn", [False, True])
async def test_the_file_system_survives_a_power_cut_at_every_flash_operation(running, torn):
    text = "f = open('data', 'w'); f.write('new' * 500); f.close()\r\n"
    async with running(flash=image({"/data": b"old" * 500})) as (world, board):
        seen = set()
        for operation in range(1, 40):
            before = await board.flash()
            await board.cut_power(after_flash_op=operation, torn=torn)
            await board.write(text.encode())
            await world.run_s(1)
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


async def test_a_torn_program_leaves_half_a_page_and_a_whole_one_all_of_it(running):
    image_offset = 8 * 4096
    code = "import rp2; b = rp2.Flash(); b.writeblocks(8, b'\\x00' * 4096)"
    written = {}
    for torn in (False, True):
        async with running() as (world, board):
            await board.cut_power(after_flash_op=2, torn=torn)  # one erase, then pages
            await board.write(code.encode() + b"\r\n")
            await world.run_s(1)
            block = (await board.flash())[image_offset : image_offset + 4096]
            written[torn] = [block[0], block[127], block[128], block[129], block[255], block[256]]

    assert written == {False: [0, 0, 0, 0, 0, 255], True: [0, 0, 0x55, 255, 255, 255]}


async def test_a_torn_erase_ends_after_half_its_time(running):
    async with running() as (world, board):
        before = (await board.ledger())["flash_stall_us"]
        await board.cut_power(after_flash_op=1, torn=True)
        await board.write(b"import rp2; b = rp2.Flash(); b.writeblocks(8, bytes(4096))\r\n")
        await world.run_s(1)

        assert (await board.ledger())["flash_stall_us"] - before == 22_500


async def test_flash_is_not_written_from_outside_while_the_board_runs(running):
    async with running() as (_, board):
        with pytest.raises(SimulationError, match=r"node\d+ is powered: switch it off"):
            await board.set_flash(image({}))
        with pytest.raises(BoardError, match="either at_us or after_flash_op"):
            await board.cut_power()


# ---- flash ----


async def test_the_flash_stalls_the_core_and_counts_its_operations(running):
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


async def test_a_write_to_the_flash_window_changes_nothing(running):
    async with running() as (_, board):
        before = await board.flash()
        await board.exec("import machine; machine.mem32[0x100A8000] = 0")

        assert await board.flash() == before


async def test_programming_can_only_clear_bits(running):
    async with running() as (_, board):
        await board.exec(
            "import rp2; b = rp2.Flash()\n"
            "b.writeblocks(8, b'\\x0f' * 4096); b.writeblocks(8, b'\\xf1' * 256, 0)"
        )

        block = (await board.flash())[8 * 4096 : 8 * 4096 + 257]

        assert block == b"\x01" * 256 + b"\x0f"
