"""`make flash` on an emulated board, with unmodified mpremote on its port, while the node runs."""

import asyncio
import json

import pytest

from tools import build, flash
from tools.bench.world.image import files, image
from tools.bench.world.simulation import Simulation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
BOARD = "pico_lora_sx1262"
OWN = {
    "/device.json": json.dumps(
        {
            "name": "bin-7",
            "dev_eui": "70b3d57ed0000007",
            "join_eui": "0000000000000000",
            "app_key": "00112233445566778899aabbccddeeff",
            "profile": "bin",
            "region": "eu868",
        }
    ).encode(),
    "/state/of_another_age": b"kept as it is",
}


async def test_a_running_node_is_upgraded_and_keeps_what_is_its_own():
    wanted = build.staged_files(BOARD)
    older = {**wanted, "/lib/node/gone.mpy": b"M", "/lib/node/old.py": b"x = 1\n"}
    older["/boot.py"] += b"# of an older release\n"
    older["/board.py"] += b"# as this unit is wired\n"
    async with Simulation() as world:
        board = await world.add_board("node", flash=image({**older, **OWN}))
        await board.expect("Lamplighter", within_s=5)
        async with board.port() as port:
            done = await asyncio.to_thread(flash.flash, BOARD, port)
            again = await asyncio.to_thread(flash.flash, BOARD, port)
        await board.read()
        await board.expect("Lamplighter", within_s=5)
        there = files(await board.flash())

    assert done.send == ("/boot.py",)
    assert done.remove == ("/lib/node/gone.mpy", "/lib/node/old.py")
    assert again == flash.Change((), (), (), kept=("/board.py",))
    assert {path: there[path] for path in wanted} == {**wanted, "/board.py": older["/board.py"]}
    assert there["/device.json"] == OWN["/device.json"]
    assert there["/state/of_another_age"] == b"kept as it is"
    assert "/lib/node/gone.mpy" not in there


async def test_a_board_with_hundreds_of_files_is_listed_in_its_memory():
    wanted = build.staged_files(BOARD)
    many = {f"/notes/{number}.txt": b"a line\n" * 90 for number in range(160)}
    async with Simulation() as world:
        board = await world.add_board("node", flash=image({**wanted, **many, **OWN}))
        await board.expect("Lamplighter", within_s=5)
        async with board.port() as port:
            done = await asyncio.to_thread(flash.flash, BOARD, port)

    assert done == flash.Change((), (), ())


async def test_an_upgrade_that_broke_off_in_a_file_is_finished_by_the_next():
    wanted = build.staged_files(BOARD)
    app = wanted["/lib/node/app.mpy"]
    broken = {
        **wanted,
        "/main.py": build.INSTALLING.read_bytes(),
        "/lib/node/app.mpy": app[: len(app) // 2],
    }
    async with Simulation() as world:
        board = await world.add_board("node", flash=image({**broken, **OWN}))
        await board.expect("next:  install again", within_s=5)
        async with board.port() as port:
            done = await asyncio.to_thread(flash.flash, BOARD, port)
        await board.expect("Lamplighter", within_s=5)

    assert done.send == ("/lib/node/app.mpy", "/main.py")
