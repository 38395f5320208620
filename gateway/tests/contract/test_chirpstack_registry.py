"""Devices that ChirpStack has already: refused in another application, merged in our own."""

from pathlib import Path

import pytest
from chirpstack_api import api
from msgspec.structs import replace

from gateway.errors import Refused
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.profiles import CODEC_MARK
from gateway.networks.chirpstack.registry import Registry
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers.chirpstack import serving

KEY = "000102030405060708090a0b0c0d0e0f"
THEIRS = "f0" * 16


@pytest.fixture
async def side(tmp_path):
    async with serving(tmp_path) as made, Calls(made.settings) as calls:
        yield Side(made, calls)


class Side:
    """The network under test, and a second client of the API that works beside it."""

    def __init__(self, server, calls):
        self.network = server.network()
        self.calls = calls
        self.settings = server.settings
        self.devices = api.DeviceServiceStub(calls.channel())

    async def application(self, name):
        """A new application beside ours; its id."""
        tenants = await self.calls.call(
            api.TenantServiceStub(self.calls.channel()).List, api.ListTenantsRequest(limit=1)
        )
        made = api.Application(name=name, tenant_id=tenants.result[0].id)
        stub = api.ApplicationServiceStub(self.calls.channel())
        request = api.CreateApplicationRequest(application=made)
        return (await self.calls.call(stub.Create, request)).id

    async def added(self, application_id):
        """The device under test as somebody else made it, with what they keep on it."""
        profile = await Registry(self.calls, self.settings).profile(LAMP)
        device = api.Device(
            dev_eui=LAMP.dev_eui, name="their meter", application_id=application_id,
            device_profile_id=profile, join_eui="1" * 16, description="in the cellar",
            tags={"site": "7"}, variables={"offset": "3"}, skip_fcnt_check=True,
        )  # fmt: skip
        await self.calls.call(self.devices.Create, api.CreateDeviceRequest(device=device))
        keys = api.DeviceKeys(dev_eui=LAMP.dev_eui, nwk_key=THEIRS, app_key=THEIRS)
        await self.calls.call(
            self.devices.CreateKeys, api.CreateDeviceKeysRequest(device_keys=keys)
        )

    async def device(self):
        request = api.GetDeviceRequest(dev_eui=LAMP.dev_eui)
        return (await self.calls.call(self.devices.Get, request)).device

    async def profile(self):
        """The device profile of the device under test."""
        stub = api.DeviceProfileServiceStub(self.calls.channel())
        wanted = api.GetDeviceProfileRequest(id=(await self.device()).device_profile_id)
        return (await self.calls.call(stub.Get, wanted)).device_profile

    async def update(self, profile):
        stub = api.DeviceProfileServiceStub(self.calls.channel())
        await self.calls.call(stub.Update, api.UpdateDeviceProfileRequest(device_profile=profile))

    async def keys(self):
        request = api.GetDeviceKeysRequest(dev_eui=LAMP.dev_eui)
        return (await self.calls.call(self.devices.GetKeys, request)).device_keys


async def test_a_device_of_another_application_is_refused_and_left_as_it_is(side):
    await side.added(await side.application("water meters"))
    before = (await side.device(), await side.keys())

    with pytest.raises(Refused, match=f"{LAMP.dev_eui}.*'water meters'"):
        await side.network.register(LAMP, KEY)

    assert (await side.device(), await side.keys()) == before


async def test_a_device_of_another_application_is_not_removed(side):
    await side.added(await side.application("water meters"))
    before = (await side.device(), await side.keys())

    await side.network.unregister(LAMP.dev_eui)

    assert (await side.device(), await side.keys()) == before


async def test_what_others_keep_on_a_device_of_our_application_stays(side):
    await side.added(await Registry(side.calls, side.settings).application())

    await side.network.register(LAMP, KEY)

    device = await side.device()
    keys = await side.keys()
    assert (device.name, device.join_eui) == (LAMP.name, LAMP.join_eui)
    assert device.description == "in the cellar"
    assert dict(device.tags) == {"site": "7", "lamplighter": "lamp"}
    assert dict(device.variables) == {"offset": "3"}
    assert device.skip_fcnt_check
    assert keys.nwk_key == KEY
    assert keys.app_key == THEIRS


async def test_a_new_device_says_what_it_is_and_who_made_it(side):
    await side.network.register(LAMP, KEY)

    device = await side.device()
    assert device.description == "Made by lamplighter: lamp."
    assert dict(device.tags) == {"lamplighter": "lamp"}


CODEC = Path("gateway/generated/codecs/lamplighter.js")
OURS = [
    ("bin", "A", "lamplighter bin EU868", 3600),
    ("counter", "A", "lamplighter counter EU868", 900),
    ("lamp", "C", "lamplighter lamp EU868", 3600),
]


@pytest.mark.parametrize(("kind", "device_class", "name", "report_s"), OURS)
async def test_the_device_profile_of_a_board_says_what_it_is_and_decodes_it(
    side, kind, device_class, name, report_s, request
):
    board = replace(LAMP, profile=kind, device_class=device_class)
    await side.network.register(board, KEY, report_s)

    profile = await side.profile()
    assert (profile.name, profile.uplink_interval) == (name, report_s)
    assert profile.supports_class_c == (device_class == "C")
    assert profile.description == f"Made by lamplighter: {kind}."
    assert dict(profile.tags) == {"lamplighter": kind}
    assert profile.payload_codec_runtime == api.CodecRuntime.JS
    assert profile.payload_codec_script == (request.config.rootpath / CODEC).read_text()
    assert profile.auto_detect_measurements


async def test_the_device_profile_of_another_maker_has_no_codec_of_ours(side):
    meter = replace(LAMP, profile="", decoder="milesight_em400_udl", device_class="A")

    await side.network.register(meter, KEY)

    profile = await side.profile()
    assert profile.name == "lamplighter milesight_em400_udl EU868 class A"
    assert profile.payload_codec_runtime == api.CodecRuntime.NONE


async def test_an_older_codec_of_ours_is_renewed_and_the_rest_of_the_profile_stays(side):
    await side.network.register(LAMP, KEY)
    mine = await side.profile()
    mine.payload_codec_script = f"{CODEC_MARK} of an older release\n"
    mine.description = "lamps of the old town"
    await side.update(mine)

    await side.network.register(LAMP, KEY)

    profile = await side.profile()
    assert profile.description == "lamps of the old town"
    assert profile.payload_codec_script.count("function decodeUplink") == 1


async def test_a_codec_that_an_operator_wrote_stays(side):
    await side.network.register(LAMP, KEY)
    mine = await side.profile()
    mine.payload_codec_script = "function decodeUplink(input) { return {data: {}}; }"
    await side.update(mine)

    await side.network.register(LAMP, KEY)

    assert (await side.profile()).payload_codec_script == mine.payload_codec_script
