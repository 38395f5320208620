"""The API document agrees with the table of routes and with itself; the address of `http.bind`."""

import json
import re
import tomllib

import msgspec
import pytest

from gateway.http import openapi
from gateway.http.port import address
from gateway.http.routes import ROUTES
from gateway.notices import Link

DOCUMENT = openapi.document(ROUTES)


def test_every_operation_is_in_the_document_and_no_other():
    documented = {
        (method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item
    }

    assert documented == {(one.method, one.path) for one in ROUTES}
    names = [one.name for one in ROUTES]
    assert len(set(names)) == len(names)


def test_a_command_names_those_there_are_with_their_fields_and_ranges():
    fields = DOCUMENT["components"]["schemas"]["CommandRequest"]["properties"]

    assert fields["name"]["enum"] == ["dim", "interval", "resend", "reboot"]
    assert "[report_s=60..86400]" in fields["values"]["description"]


def test_the_document_is_whole():
    """Every reference leads somewhere, every parameter is declared, every kind is a webhook."""
    text = json.dumps(DOCUMENT)
    for name in re.findall(r'"#/components/schemas/([^"]+)"', text):
        assert name in DOCUMENT["components"]["schemas"]
    for path, item in DOCUMENT["paths"].items():
        for operation in item.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
    assert set(DOCUMENT["webhooks"]) == {
        "joined", "boot", "reading", "command", "missing", "quarantined", "trouble"
    }  # fmt: skip
    assert DOCUMENT["openapi"] == "3.1.0"


def test_the_version_is_that_of_the_project(pytestconfig):
    project = tomllib.loads((pytestconfig.rootpath / "pyproject.toml").read_text())

    source = pytestconfig.rootpath / project["tool"]["hatch"]["version"]["path"]

    assert project["project"]["dynamic"] == ["version"]
    assert f'VERSION = "{openapi.VERSION}"' in source.read_text()
    assert DOCUMENT["info"]["version"] == openapi.VERSION


def test_link_is_part_of_the_document():
    assert set(DOCUMENT["components"]["schemas"]["Link"]["properties"]) == set(
        Link.__struct_fields__
    )


@pytest.mark.parametrize("bind", ["", "8090", "host", "host:", ":8090", "host:x", "host:65536"])
def test_a_bind_that_is_no_address_says_what_is_expected(bind):
    with pytest.raises(Exception, match="expected host:port"):
        address(bind)


def test_addresses_are_taken_apart():
    assert address("127.0.0.1:8090") == ("127.0.0.1", 8090)
    assert address("[::1]:0") == ("::1", 0)


def test_the_document_is_json():
    assert msgspec.json.decode(msgspec.json.encode(DOCUMENT)) == DOCUMENT
