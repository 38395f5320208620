"""The bench's regions: one file each, and what the tests of the air take from them."""

import json
from pathlib import Path

import pytest
from chirpstack_api import api, common

from tools.bench.network import region

AIR = Path(__file__).parents[1] / "node" / "region.json"


def test_every_file_is_a_region_of_its_name():
    for name in region.names():
        found = region.load(name)

        assert (found.id, found.name.lower()) == (name, name)
        for hz in (*found.channels_hz, found.rx2[0]):
            assert any(band.low_hz <= hz < band.high_hz for band in found.sub_bands)
        assert found.rx2[1] in found.data_rates
        assert found.adr[0] in found.data_rates
        assert len(found.extra_channels_hz) <= 5


def test_an_unknown_region_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no region 'mars'; it has .*eu868"):
        region.load("mars")


def test_the_air_in_the_tests_of_the_node_process_is_the_default_region():
    assert json.loads(AIR.read_text()) == json.loads(json.dumps(region.load().air()))


def test_a_profile_of_another_region_or_a_later_lorawan_is_not_supported():
    eu868 = region.load("eu868")
    profile = api.DeviceProfile(region=common.Region.US915)

    assert eu868.supports(common.Region.EU868, common.MacVersion.LORAWAN_1_0_4)
    assert not eu868.supports(common.Region.EU868, common.MacVersion.LORAWAN_1_1_0)
    assert not eu868.supports(profile.region, common.MacVersion.LORAWAN_1_0_4)
