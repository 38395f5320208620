"""What could never be applied is refused at once, before anything is queued."""

import pytest

from gateway.errors import Refused, Unknown
from gateway.networks import virtual
from gateway.tests.unit.command_bench import BIN, LAMP, begun, dim


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


@pytest.mark.parametrize(
    ("dev_eui", "name", "values", "expires_in_s", "error", "said"),
    [
        ("ff", "dim", {"level": 1}, 60, Unknown, "no device has the DevEUI 'ff'"),
        (LAMP.dev_eui, "blink", {}, 60, Refused, "no command 'blink'; there are dim, interval"),
        (LAMP.dev_eui, "dim", {"level": 101}, 60, Refused, "level is 101, not within 0 to 100"),
        (LAMP.dev_eui, "dim", {"level": 1.5}, 60, Refused, "not a whole number"),
        (LAMP.dev_eui, "dim", {"level": True}, 60, Refused, "not a whole number"),
        (LAMP.dev_eui, "dim", {}, 60, Refused, "level is missing"),
        (BIN.dev_eui, "dim", {"level": 1}, 60, Refused, "a bin takes no `dim`, which is for lamp"),
        (LAMP.dev_eui, "dim", {"level": 1, "colour": 2}, 60, Refused, "no field colour"),
        (LAMP.dev_eui, "dim", {"level": 1, "token": 2}, 60, Refused, "`token` is filled in"),
        (LAMP.dev_eui, "dim", {"level": 1}, 0, Refused, "expires_in_s is 0, not within"),
        (LAMP.dev_eui, "dim", {"level": 1}, -5, Refused, "expires_in_s is -5"),
        (LAMP.dev_eui, "dim", {"level": 1}, 10**9, Refused, "expires_in_s is 1e\\+09"),
        (LAMP.dev_eui, "dim", {"level": 1}, float("nan"), Refused, "expires_in_s is nan"),
    ],
)  # fmt: skip
async def test_what_could_never_be_applied_is_refused_at_once(
    bench, dev_eui, name, values, expires_in_s, error, said
):
    with pytest.raises(error, match=said):
        await bench.commands.request(dev_eui, name, values, expires_in_s)

    assert await bench.store.read(lambda view: view.commands()) == []
    assert await bench.store.read(lambda view: view.events()) == []


async def test_a_command_too_long_for_the_data_rate_is_refused(bench):
    bench.network.downlink_bytes = 9

    with pytest.raises(Refused, match="dim needs 10 bytes, the device's data rate carries 9"):
        await dim(bench)


@pytest.mark.parametrize(
    ("device", "dr", "most"),
    [(BIN, None, 51), (BIN, 0, 51), (BIN, 3, 115), (BIN, 5, 242), (BIN, 9, 51), (LAMP, 5, 51)],
)
async def test_the_size_of_a_downlink_is_asked_by_device_and_last_data_rate(
    bench, device, dr, most
):
    if dr is not None:
        await bench.heard_at(device, dr)
    asked = []
    most_bytes, network = bench.network.most_bytes, bench.network

    def ask_network(device, dr):
        asked.append((device.dev_eui, dr, most_bytes(device, dr)))
        return asked[-1][2]

    network.most_bytes = ask_network
    await bench.commands.request(device.dev_eui, "reboot", {})

    assert asked == [(device.dev_eui, dr, most)]


async def test_a_region_without_a_table_carries_what_every_region_does(bench):
    bench.network.settings = virtual.Settings(region="AS923")

    assert bench.network.most_bytes(BIN, 5) == 51
