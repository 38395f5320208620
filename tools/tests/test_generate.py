"""What is made from the table: up to date, complete, and the same bytes in JavaScript."""

import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from wire import codec, enums, meaning, schema

from gateway import networks, registry, sinks
from tools import generate, generate_kinds
from tools.setup.paths import NODE

CODEC = generate.GENERATED / "codecs" / "lamplighter.js"
RUNNER = Path(__file__).with_name("codec_in_node.mjs")
VECTORS = json.loads((generate.GENERATED / "vectors.json").read_text())


def run(calls: list[tuple[str, dict[str, Any]]]) -> list[Any]:
    """Results of these calls of the generated codec, in Node, in ChirpStack's form."""
    done = subprocess.run(
        [NODE, RUNNER, CODEC], input=json.dumps(calls), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def told(values: dict[str, int | None]) -> dict[str, Any]:
    """Values as the JavaScript codec tells them: enumerations by name."""
    return {
        field: enums.ENUMS[field][value] if field in enums.ENUMS and value is not None else value
        for field, value in values.items()
    }


def test_generated_files_are_up_to_date():
    assert generate.main(["--check"]) == 0


def test_a_file_out_of_date_fails_the_check(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(generate, "GENERATED", tmp_path)
    monkeypatch.setattr(generate, "ROOT", tmp_path)

    assert generate.main(["--check"]) == 1
    assert "run python -m tools.generate" in capsys.readouterr().out
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0


def test_every_field_has_a_meaning_and_every_meaning_a_field():
    tables = schema.PAYLOADS | schema.COMMANDS

    assert set(meaning.MEANING) == set(tables) == set(meaning.EXAMPLES)
    for name, (_, text) in tables.items():
        assert list(meaning.MEANING[name][1]) == [row[0] for row in codec.fields(text)]
        assert len(meaning.EXAMPLES[name]) >= 2


def is_flag(row):
    """Is it 0 or 1? One that was appended may be absent too."""
    _, bits, low, high, step, optional = row
    return (bits, low, high, step) == (1 + optional, 0, 1, 1)


def test_properties_and_flags_are_fields_of_readings():
    readings = {
        name: {row[0]: row for row in codec.fields(text)}
        for name, (fport, text) in schema.PAYLOADS.items()
        if fport < schema.FIRST_REPORT
    }

    assert set(meaning.READINGS) == set(readings)
    for name, known in meaning.READINGS.items():
        assert set(known) <= set(readings[name])
        for *_, flags in known.values():
            assert all(is_flag(readings[name][flag]) for flag in flags)


def test_every_one_bit_field_without_a_property_is_a_flag_of_some_value():
    for name, known in meaning.READINGS.items():
        flags = {flag for *_, possible in known.values() for flag in possible}
        bits = {row[0] for row in codec.fields(schema.PAYLOADS[name][1]) if is_flag(row)}
        assert bits - set(known) == flags, name


def test_one_property_has_one_unit():
    units: dict[str, str] = {}
    for known in meaning.READINGS.values():
        for name, unit, *_ in known.values():
            assert units.setdefault(name, unit) == unit


def test_the_javascript_codec_decodes_the_golden_uplinks():
    uplinks = [one for one in VECTORS if one["name"] in schema.PAYLOADS]

    results = run(
        [
            ("decodeUplink", {"bytes": list(bytes.fromhex(one["hex"])), "fPort": one["fport"]})
            for one in uplinks
        ]
    )

    for one, result in zip(uplinks, results, strict=True):
        newest, *older = [told(values) for values in one["values"]]
        expected = newest | {"payload": one["name"]} | ({"older": older} if older else {})
        assert result == {"data": expected}


def test_the_javascript_codec_encodes_and_decodes_the_golden_commands():
    commands = [one for one in VECTORS if one["name"] in schema.COMMANDS]

    encoded = run(
        [
            ("encodeDownlink", {"data": {"command": one["name"]} | one["values"][0]})
            for one in commands
        ]
    )
    decoded = run([("decodeDownlink", result) for result in encoded])

    for one, there, back in zip(commands, encoded, decoded, strict=True):
        assert there == {"fPort": one["fport"], "bytes": list(bytes.fromhex(one["hex"]))}
        assert back == {"data": {"command": one["name"]} | one["values"][0]}


def test_the_javascript_codec_takes_a_frame_without_a_payload():
    """ChirpStack runs it for those too, with FPort 0, and reports a refusal as an error."""
    assert run([("decodeUplink", {"fPort": 0, "bytes": []})]) == [{"data": {}}]


def test_the_javascript_codec_refuses_with_a_sentence():
    results = run(
        [
            ("decodeUplink", {"bytes": [1, 2], "fPort": 99}),
            ("decodeUplink", {"bytes": [], "fPort": 10}),
            ("decodeUplink", {"bytes": [10, 1], "fPort": 10}),
            ("encodeDownlink", {"data": {"command": "dim", "token": 1, "level": 140}}),
            ("encodeDownlink", {"data": {"command": "dim", "token": 1}}),
            ("encodeDownlink", {"data": {"command": "dim", "token": 1, "level": 4, "x": 1}}),
            ("encodeDownlink", {"data": {"command": "toString"}}),
            ("decodeDownlink", {"bytes": [1], "fPort": 30}),
        ]
    )

    assert [result["errors"][0] for result in results] == [
        "port 99: nothing is defined there",
        "bin: 0 bytes are not whole records",
        "bin: 2 bytes are not whole records",
        "dim: level is 140, not within 0 to 100",
        "dim: level is missing",
        "dim: no field x",
        "command toString is unknown; known are dim, interval, resend, reboot, programme",
        "dim: 1 bytes instead of 10",
    ]


class Documented(Struct):
    """Keys of a test.

    first: said over
    two lines.  second: said beside.
    """

    first: int = 1
    second: str = ""


class Silent(Struct):
    """first: said."""

    first: int = 1
    second: str = ""


def test_the_meaning_of_a_key_is_in_the_docstring_of_its_settings():
    assert generate_kinds.meanings(Documented) == {
        "first": "said over two lines", "second": "said beside",
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"Settings lacks `second: \.\.\.`"):
        generate_kinds.meanings(Silent)


@pytest.mark.parametrize("package", [networks, sinks], ids=lambda one: one.__name__)
def test_every_kind_is_on_its_page_with_every_key(package):
    page = (generate.GENERATED / f"{package.__name__.rpartition('.')[2]}.md").read_text()
    for kind in registry.names(package):
        assert f"## `{kind}`" in page
        for field in msgspec.structs.fields(registry.find(package, kind, "kind").Settings):
            assert f"| `{field.name}` |" in page
