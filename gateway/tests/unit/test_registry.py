"""Kinds are found by their file, and a part that they share is none."""

import pytest

from gateway import networks, registry
from gateway.errors import Refused
from gateway.networks import virtual


def test_the_file_name_is_the_key():
    assert registry.names(networks) == ("chirpstack", "virtual")
    assert registry.find(networks, "virtual", "network") is virtual


@pytest.mark.parametrize("name", ["_subscription", "", "os", "..errors"])
def test_what_is_no_kind_is_refused_with_those_there_are(name):
    with pytest.raises(Refused, match="expected one of: chirpstack, virtual"):
        registry.find(networks, name, "network")
