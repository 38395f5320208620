"""A new device: its keys, both registrations, and the file for its board."""

import pytest
from wire.all_profiles import PROFILES

from gateway import devices, registry
from gateway.errors import Refused, Retry, Unknown
from gateway.networks.virtual import Network, Settings
from gateway.provisioning import OURS, Wanted, add_device, new_eui, prepare, remove_device
from gateway.store.sqlite import Store

OTHER = next(name for name in registry.names(devices) if name != OURS)


async def add(store, network, wanted):
    """Register a device; returns it with its key."""
    ready = await prepare(network, wanted, 5)
    await add_device(store, network, ready)
    return ready


@pytest.fixture
async def store():
    async with Store(source="lamplighter/test") as opened:
        yield opened


async def test_keys_are_made_and_registered_on_both_sides(store):
    network = Network()

    made = await add(store, network, Wanted(name="bin 1", profile="bin"))

    device, key = network.devices[made.device.dev_eui]
    assert (device, key) == (made.device, made.app_key)
    assert await store.read(lambda view: view.device(device.dev_eui)) == device
    assert made.device_json == {
        "name": "bin 1", "dev_eui": device.dev_eui, "join_eui": "0" * 16, "app_key": key,
        "profile": "bin", "region": "eu868",
    }  # fmt: skip
    assert len(bytes.fromhex(key)) == 16


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_network_server_learns_how_often_a_board_reports(store, profile):
    network = Network()

    made = await add(store, network, Wanted(name="x", profile=profile))

    assert network.intervals_s == {made.device.dev_eui: PROFILES[profile]["report_s"]}


async def test_the_file_of_the_board_names_the_region_of_the_network_server(store):
    network = Network(Settings(region="IN865"))

    made = await add(store, network, Wanted(name="bin 1", profile="bin"))

    assert made.device_json["region"] == "in865"


async def test_two_devices_have_different_keys(store):
    network = Network()

    made = [await add(store, network, Wanted(name=name, profile="bin")) for name in "ab"]

    assert len({one.app_key for one in made}) == len({one.device.dev_eui for one in made}) == 2


@pytest.mark.parametrize(("profile", "kind"), [("bin", "A"), ("counter", "A"), ("lamp", "C")])
async def test_a_lamp_listens_always_and_the_others_after_speaking(store, profile, kind):
    made = await add(store, Network(), Wanted(name="x", profile=profile))

    assert made.device.device_class == kind


async def test_a_device_of_another_maker_has_a_decoder_and_no_file_for_a_board(store):
    network = Network()

    for kind, given in (
        ("A", Wanted(name="x", decoder=OTHER)),
        ("C", Wanted(name="y", decoder=OTHER, device_class="C")),
    ):
        made = await add(store, network, given)

        eui = made.device.dev_eui
        assert await store.read(lambda view, eui=eui: view.device(eui)) == made.device
        assert (made.device.decoder, made.device.profile) == (OTHER, "")
        assert (made.device.device_class, made.device_json) == (kind, {})
        assert network.devices[eui] == (made.device, made.app_key)


async def test_what_is_given_is_taken_in_lower_case_and_settings_go_to_the_board(store):
    wanted = Wanted(
        name="x", profile="bin", dev_eui="70B3D57ED005A001", join_eui="AA" * 8,
        app_key="AB" * 16, settings={"report_s": 600, "sample_s": None},
    )  # fmt: skip

    made = await add(store, Network(), wanted)

    assert made.device_json["dev_eui"] == "70b3d57ed005a001"
    assert (made.device_json["join_eui"], made.app_key) == ("aa" * 8, "ab" * 16)
    assert made.device_json["report_s"] == 600
    assert "sample_s" not in made.device_json


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"profile": "tram"}, "bin, lamp, counter"),
        ({"profile": ""}, "bin, lamp, counter"),
        ({"device_class": "C"}, "the profile 'bin' is of class A: leave `device_class` out"),
        ({"decoder": "nobody"}, "expected one of: .*lamplighter"),
        ({"decoder": OTHER}, "`profile` is for our own boards: leave it out"),
        ({"decoder": OTHER, "profile": "", "settings": {"report_s": 60}}, "`report_s` is for our"),
        ({"dev_eui": "12"}, "16 hexadecimal digits"),
        ({"dev_eui": "zz" * 8}, "16 hexadecimal digits"),
        ({"join_eui": ""}, "16 hexadecimal digits"),
        ({"app_key": "00" * 15}, "32 hexadecimal digits"),
    ],
)
async def test_wrong_wishes_are_refused_before_anything_happens(store, wrong, said):
    network = Network()

    with pytest.raises(Refused, match=said):
        await add(store, network, Wanted(**{"name": "x", "profile": "bin"} | wrong))

    assert network.devices == {}
    assert await store.read(lambda view: view.devices()) == []


async def test_a_name_or_deveui_that_is_taken_is_refused(store):
    network = Network()
    first = await add(store, network, Wanted(name="x", profile="bin"))

    for wanted in (
        Wanted(name="x", profile="bin"),
        Wanted(name="y", profile="bin", dev_eui=first.device.dev_eui),
    ):
        with pytest.raises(Refused):
            await add(store, network, wanted)

    assert list(network.devices) == [first.device.dev_eui]


async def test_a_device_is_on_no_side_when_the_network_server_is_away(store):
    network = Network()
    network.away = Retry("the network server does not answer")

    with pytest.raises(Retry):
        await add(store, network, Wanted(name="x", profile="bin"))

    assert await store.read(lambda view: view.devices()) == []


async def test_a_device_is_removed_on_both_sides_or_on_none(store):
    network = Network()
    made = await add(store, network, Wanted(name="x", profile="bin"))
    eui = made.device.dev_eui
    network.away = Retry("the network server does not answer")

    with pytest.raises(Retry):
        await remove_device(store, network, eui)
    assert await store.read(lambda view: view.device(eui)) == made.device
    network.away = None
    await remove_device(store, network, eui)

    assert (network.devices, await store.read(lambda view: view.devices())) == ({}, [])
    with pytest.raises(Unknown, match=eui):
        await remove_device(store, network, eui)


def test_a_made_eui_is_locally_administered_and_of_one_device():
    for _ in range(100):
        first = bytes.fromhex(new_eui())[0]

        assert (first & 1, first & 2) == (0, 2)


async def test_every_profile_of_the_firmware_can_be_registered(store):
    for name, facts in PROFILES.items():
        made = await add(store, Network(), Wanted(name=name, profile=name))

        assert (made.device.profile, made.device.device_class) == (name, facts["class"])


@pytest.mark.parametrize(
    ("wrong", "region", "said"),
    [
        ({"name": "n" * 25}, "EU868", "the name of a board has at most 24 characters, .* has 25"),
        ({"settings": {"report_s": 59}}, "EU868", "report_s is 59, a board takes 60 to 86400"),
        ({}, "US915", "the firmware has no region US915, .*: EU868, IN865"),
    ],
)
async def test_what_the_board_would_refuse_is_refused_here(store, wrong, region, said):
    network = Network(Settings(region=region))

    with pytest.raises(Refused, match=said):
        await add(store, network, Wanted(**{"name": "x", "profile": "bin"} | wrong))

    assert network.devices == {}


async def test_a_device_of_another_maker_has_no_limits_of_a_board(store):
    network = Network(Settings(region="US915"))

    made = await add(store, network, Wanted(name="n" * 25, decoder=OTHER))

    assert made.device.name == "n" * 25
