"""The console and the flow share the sensors: one reads after the other."""

import asyncio

from tests.test_node_app import made, run, settled


def test_the_console_and_the_flow_read_a_sensor_one_after_the_other():
    node = made()
    seen = []

    class Driver:
        moved = asyncio.Event()

        async def read(self, _clock):
            seen.append("on")
            await asyncio.sleep_ms(5)
            return {"total": 1, "presence": 0, "warm": 1}

        def sleep(self):
            seen.append("off")

    async def story():
        await settled(node)
        node.sensors["motion"] = Driver()
        await asyncio.gather(node.measure(), node.measure())

    run(node, story)
    assert seen[:4] == ["on", "off", "on", "off"]
