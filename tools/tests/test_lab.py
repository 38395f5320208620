"""What the lab itself promises to the tests that stand on it."""

import pytest

from tools.bench.world.lab import Lab

pytestmark = pytest.mark.timeout(60)

SLOW_ANSWER = """
import time
json = 0
class Status:
    def __sub__(self, _):
        print('{"cmd": "status", "radio": {"dr": 5}', end='')
        time.sleep_ms(300)
        print(', "joined": true}')
status = Status()
"""
"""`status --json` is an expression at the prompt; its answer comes in two parts."""


async def test_an_answer_is_read_when_its_line_is_whole():
    async with Lab() as lab:
        unit = await lab.add("bin", files=False)
        await unit.board.expect(">>> ")
        await unit.board.exec(SLOW_ANSWER)

        answer = await lab.ask(unit, "status")

    assert answer == {"cmd": "status", "radio": {"dr": 5}, "joined": True}
