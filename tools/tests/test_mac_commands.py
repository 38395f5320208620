"""What the bench server sets by MAC commands, and the firmware's MAC on the air after it."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from tools.bench.network import mac
from tools.bench.network.registry import QueueItem
from tools.bench.network.setup import requests
from tools.bench.outage.air import Air
from tools.bench.outage.loop import run
from tools.bench.outage.unit import Unit

RX_PARAM = bytes.fromhex("0523") + (8_695_000).to_bytes(3, "little")
NEW_CHANNEL = bytes.fromhex("0708") + (8_651_000).to_bytes(3, "little") + b"\x50"
RX_TIMING = bytes.fromhex("0803")
DL_CHANNEL = bytes.fromhex("0a00") + (8_694_625).to_bytes(3, "little")
DUTY_CYCLE = bytes.fromhex("040e")
NEW_HZ, MOVED_HZ, RX2_HZ = 865_100_000, 869_462_500, 869_500_000


class Ears(Unit):
    """A node that keeps what is on the air for it."""

    def __init__(self, *arguments, **settings):
        self.overheard = []
        super().__init__(*arguments, **settings)

    def overhear(self, frame, power_dbm):
        """Keep it too."""
        self.overheard.append(frame)
        super().overhear(frame, power_dbm)


def lived(folder: Path, commands: bytes, hours: float, then=None, **settings):
    """A node whose server wants to set this, after so many hours."""

    async def story():
        air = Air(adr=False)
        unit = Ears(air, 1, folder, **settings)
        unit.start()
        await asyncio.sleep(1800)
        air.core.wanted.update(requests(commands))
        await asyncio.sleep(hours * 3600)
        if then:
            await then(air, unit)
        await unit.stop()
        return air, unit

    return run(story())


def setup_of(air, unit):
    return air.core.registry.device(unit.dev_eui).session.setup


def pairs(unit, from_s):
    """(uplink, the downlink that answers it) of the end of a run."""
    for up in unit.sent:
        for down in unit.overheard:
            if from_s * 1e6 < up.end_us < down.start_us < up.end_us + 8_000_000:
                yield up, down


@pytest.mark.parametrize(
    "command",
    [RX_PARAM, NEW_CHANNEL, RX_TIMING, DL_CHANNEL, DUTY_CYCLE],
    ids=lambda one: one.hex(),
)
def test_each_request_is_answered_once_and_used_by_both(tmp_path, command):
    air, unit = lived(tmp_path, command, 3, confirm_every=1)

    setup = setup_of(air, unit)
    assert (setup.has, setup.refused, setup.asked) == (requests(command), {}, [])
    answered = list(pairs(unit, 3600))
    assert len(answered) > 5
    assert unit.watch.found == []
    for up, down in answered:
        assert any(abs(at_us - down.end_us) < 2000 for at_us in unit.heard_us)
        assert down.start_us - up.end_us == (3_000_000 if command == RX_TIMING else 1_000_000)


def test_all_of_them_at_once_are_answered_and_used(tmp_path):
    commands = RX_TIMING + DL_CHANNEL + NEW_CHANNEL + RX_PARAM + DUTY_CYCLE[:1] + b"\x07"
    air, unit = lived(tmp_path, commands, 12, confirm_every=1)

    setup = setup_of(air, unit)
    assert (setup.has, setup.refused, setup.asked) == (requests(commands), {}, [])
    answered = list(pairs(unit, 7200))
    assert {up.frequency_hz for up, _ in answered} >= {NEW_HZ, 868_100_000}
    for up, down in answered:
        moved = MOVED_HZ if up.frequency_hz == 868_100_000 else up.frequency_hz
        assert (down.frequency_hz, down.sf) == (moved, up.sf + 2)
        assert down.start_us - up.end_us == 3_000_000
        assert any(abs(at_us - down.end_us) < 2000 for at_us in unit.heard_us)


def test_a_device_rests_as_the_duty_cycle_says(tmp_path):
    _, unit = lived(tmp_path, DUTY_CYCLE, 6, confirm_every=0)

    late = [one for one in unit.sent if one.start_us > 3600 * 1_000_000]
    assert len(late) > 10
    for before, after in pairwise(late):
        air_us = before.end_us - before.start_us
        assert after.start_us - before.end_us >= air_us * ((1 << 14) - 1)


def test_class_c_listens_where_the_second_window_was_moved(tmp_path):
    item = QueueItem("one", 30, b"x", confirmed=True)

    async def command(air, unit):
        air.events.clear()
        air.core.registry.device(unit.dev_eui).queue.append(item)
        air.core.enqueued(air.unix_us())
        air.pump()
        await asyncio.sleep(20)

    air, unit = lived(tmp_path, RX_PARAM, 3, command, profile="lamp", confirm_every=1)

    assert [one.sf for one in unit.overheard if one.frequency_hz == RX2_HZ] == [9]
    assert "ack" in {kind for _, _, kind in air.events}


def test_a_refused_request_is_not_sent_again(tmp_path):
    outside = bytes.fromhex("0a00") + (8_200_000).to_bytes(3, "little")
    air, unit = lived(tmp_path, outside, 2, confirm_every=1)

    setup = setup_of(air, unit)
    assert (setup.has, setup.refused) == ({}, requests(outside))
    assert list(pairs(unit, 3600))


def test_settings_end_with_the_session(tmp_path):
    async def again(air, unit):
        air.core.wanted.clear()
        await unit.link.exchange.join(again=True)
        unit.overheard.clear()
        await asyncio.sleep(1800)

    air, unit = lived(tmp_path, RX_TIMING, 2, again, confirm_every=1)

    assert setup_of(air, unit).has == {}
    assert {down.start_us - up.end_us for up, down in pairs(unit, 9100)} == {1_000_000}


@pytest.mark.parametrize("text", ["08", "0303000000", "ff", "0803ff"])
def test_what_cannot_be_set_is_refused_with_a_sentence(text):
    with pytest.raises(ValueError, match="is no request that the bench server sends"):
        requests(bytes.fromhex(text))


def test_one_channel_or_window_has_one_setting():
    assert requests(b"\x08\x01\x08\x03") == {(mac.RX_TIMING, 0): b"\x03"}
    assert list(requests(DL_CHANNEL + NEW_CHANNEL)) == [(mac.DL_CHANNEL, 0), (mac.NEW_CHANNEL, 8)]
