"""The API document agrees with the table of routes and with itself; the address of `http.bind`."""

import json
import re
import tomllib

import msgspec
import pytest

from gateway import devices, registry
from gateway.devices import decoder
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

    known = [decoder(name).TAKES for name in registry.names(devices)]
    assert fields["name"]["enum"] == list({command: 0 for takes in known for command in takes})
    assert {"dim", "interval", "resend", "reboot", "full_alarm"} <= set(fields["name"]["enum"])
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
        "joined", "boot", "reading", "command", "missing", "quarantined", "trouble",
        "status", "test", "restored", "disabled",
    }  # fmt: skip
    assert DOCUMENT["openapi"] == "3.1.0"


def test_a_link_leads_from_what_is_made_or_listed_to_what_can_be_asked_of_it():
    def links(method, path, status):
        found = DOCUMENT["paths"][path][method]["responses"][status]["links"]
        return {one["operationId"]: one["parameters"] for one in found.values()}

    of_device = links("post", "/v1/devices", "201")
    assert set(of_device) == {
        "device", "remove_device", "latest", "ask", "series", "series_table", "tag",
        "explain_device",
    }  # fmt: skip
    assert of_device["ask"] == {"dev_eui": "$response.body#/dev_eui"}
    assert links("post", "/v1/devices/{dev_eui}/commands", "202") == {
        "command": {"id": "$response.body#/id"},
        "cancel": {"id": "$response.body#/id"},
    }
    assert links("get", "/v1/events", "200") == {"explain": {"id": "$response.body#/events/0/id"}}
    assert "retry" in links("get", "/v1/webhooks", "200")


def test_every_instant_of_an_answer_has_its_format():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, one in schema.get("properties", {}).items():
            if field.endswith("_at") or field in {"at", "time"}:
                assert '"format": "date-time"' in json.dumps(one), (name, field)


def test_what_takes_few_values_lists_them():
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["DeliveryView"]["properties"]["state"]["enum"] == [
        "pending", "delivered", "dead", "withdrawn"
    ]  # fmt: skip
    assert schemas["DeviceView"]["properties"]["device_class"]["enum"] == ["A", "C"]
    for item in DOCUMENT["paths"].values():
        for operation in item.values():
            for one in operation.get("parameters", ()):
                if one["name"] == "dev_eui" and one["in"] == "path":
                    assert one["schema"]["pattern"] == "^[0-9A-Fa-f]{16}$"


def test_a_device_request_names_what_holds_between_its_fields():
    schema = DOCUMENT["components"]["schemas"]["DeviceRequest"]

    assert schema["if"] == {"properties": {"decoder": {"const": "lamplighter"}}}
    of_board, of_others = schema["then"], schema["else"]["properties"]
    assert of_board["required"] == ["profile"]
    assert of_board["properties"]["profile"]["enum"] == [
        "bin",
        "lamp",
        "counter",
        "parking",
        "people",
    ]
    assert of_board["properties"]["name"] == {"maxLength": 24}
    assert {
        one["if"]["properties"]["profile"]["const"]: one["then"]["properties"]["device_class"]
        for one in of_board["allOf"]
    }["lamp"] == {"enum": ["C", None]}
    assert of_others["profile"] == {"const": ""}
    assert of_others["report_s"] == of_others["sample_s"] == {"type": "null"}


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


def schemas(part):
    """Every object of the document that has a type."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), str) or "anyOf" in part:
            yield part
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        yield from schemas(one)


def test_a_generated_client_can_be_made_of_every_schema():
    """What openapi-python-client leaves an operation out for."""
    found = list(schemas(DOCUMENT))
    assert [one for one in found if one.get("type") == "array" and "items" not in one] == []
    instants = [one for one in found if one.get("format") == "date-time"]
    assert [one for one in instants if one.get("default") == ""] == []


def test_a_body_that_may_be_left_out_is_not_required():
    required = {
        one.name: DOCUMENT["paths"][one.path][one.method.lower()]["requestBody"]["required"]
        for one in ROUTES
        if one.body
    }

    assert (required["redecode"], required["replay"], required["add_webhook"]) == (
        False, False, True
    )  # fmt: skip
