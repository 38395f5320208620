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


@pytest.mark.slow
async def test_a_node_close_to_the_radio_gateway_is_set_to_less_power() -> None:
    async with Lab() as lab:
        unit = await lab.add("bin", report_s=60, sample_s=60)
        assert await lab.run(600, lambda: len(unit.of("up")) > 4, step_s=1)

    assert unit.device.session is not None
    assert unit.device.session.adr.power_index > 0
    assert not unit.device.session.adr.refused
    assert len({message.f_cnt for message in unit.of("up")}) == len(unit.of("up"))
