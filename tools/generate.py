"""`python -m tools.generate [--check]`: what is made from the tables, never written by hand.

From payloads and commands: the TS013 codec for network servers, the page that documents every
field, and the golden vectors that all runtimes must agree on. From the gateway's routes: its
OpenAPI document. From its networks, sinks and decoders: a page of each. From the board files: a
picture of the wiring of each, and a page of all. `--check` writes nothing and fails when a file
is not up to date.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

from wire import batch, codec, enums, meaning, schema

from gateway.http import openapi, routes
from tools import generate_batches, generate_boards, generate_kinds, generate_wiring
from tools.build import BOARDS, board
from tools.setup.paths import ROOT

GENERATED = ROOT / "gateway" / "generated"
TEMPLATE = Path(__file__).with_name("generate_codec.js")
RANDOM_VECTORS = 200

BATCH = {
    "fPort": batch.FPORT,
    "intervals": batch.INTERVALS_S,
    "quotient": batch.QUOTIENT,
    "ageBits": batch.AGE_BITS,
    "stepBits": batch.STEP_BITS,
}
"""Of `wire.batch`, as the codec names it."""

Rows = list[tuple[str, int, int, int, int, bool]]
Table = dict[str, tuple[int, str]]
Values = dict[str, int | None]


def files() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    boards = {path: board(path.stem) for path in sorted(BOARDS.glob("*.py"))}
    pictures = {
        path.with_suffix(".svg"): generate_wiring.svg(constants)
        for path, constants in boards.items()
    }
    return pictures | {
        BOARDS / "README.md": generate_boards.page(boards),
        GENERATED / "codecs" / "lamplighter.js": javascript(),
        GENERATED / "payloads.md": markdown(),
        GENERATED / "vectors.json": vectors(),
        GENERATED / "batches.json": generate_batches.vectors(),
        GENERATED / "networks.md": generate_kinds.networks_page(),
        GENERATED / "sinks.md": generate_kinds.sinks_page(),
        GENERATED / "devices.md": generate_kinds.devices_page(),
        GENERATED / "openapi.json": json.dumps(openapi.document(routes.ROUTES), indent=2) + "\n",
    }


def javascript() -> str:
    """The codec: the template with the table in it."""
    text = TEMPLATE.read_text()
    for mark, table in (("PAYLOADS", schema.PAYLOADS), ("COMMANDS", schema.COMMANDS)):
        text = text.replace(f"/*{mark}*/", _table(table))
    text = text.replace("/*FIRST_REPORT*/", str(schema.FIRST_REPORT))
    text = text.replace("/*BATCH*/", json.dumps(BATCH))
    listed = [f"  {name}: {json.dumps(names)}," for name, names in enums.ENUMS.items()]
    return text.replace("/*ENUMS*/", "{\n" + "\n".join(listed) + "\n}")


def _table(table: Table) -> str:
    lines = ["{"]
    for name, (fport, text) in table.items():
        lines.append(f"  {name}: [{fport}, [")
        lines.extend(f"    {json.dumps(row)}," for row in codec.fields(text))
        lines.append("  ]],")
    return "\n".join([*lines, "}"])


def markdown() -> str:
    """The page for people: fields, units, ranges, meaning, examples."""
    parts = [
        "# Payloads and commands",
        "",
        "Made by `python -m tools.generate` from `firmware/wire`; never edited.",
        "",
        "An uplink is one byte, the size of a record, and records of that size, newest first.",
        "A command is its fields alone. Fields are packed big-endian, most significant bit first;",
        "the rest of the last byte is ones. Raw bits are (value - lowest) / step; all ones where",
        "the value is absent.",
    ]
    for title, table in (("Uplinks", schema.PAYLOADS), ("Downlinks", schema.COMMANDS)):
        parts += ["", f"## {title}"]
        for name, (fport, text) in table.items():
            parts += _section(name, fport, codec.fields(text))
    parts += generate_batches.markdown()
    return "\n".join(parts) + "\n"


def _section(name: str, fport: int, rows: Rows) -> list[str]:
    sentence, fields = meaning.MEANING[name]
    if name in meaning.TAKERS:
        sentence += f" Only for the profile {', '.join(meaning.TAKERS[name])}."
    lines = ["", f"### `{name}`, port {fport}, {codec.size(rows)} bytes", "", sentence, ""]
    lines += ["| field | bits | range | step | unit | meaning |", "|---|---|---|---|---|---|"]
    for field, bits, low, high, step, optional in rows:
        unit, text = fields[field]
        may = "absent or " if optional else ""
        names = enums.ENUMS.get(field)
        text += ": " + ", ".join(f"{at} {one}" for at, one in enumerate(names)) if names else ""
        readings = meaning.READINGS.get(name, {})
        flagged = [f"`{one}`" for one, known in readings.items() if field in known[4]]
        if flagged:
            text += f"; a quality flag of {', '.join(flagged)}"
        if field in readings:
            text += f"; property `{readings[field][0]}`"
        lines.append(f"| `{field}` | {bits} | {may}{low} to {high} | {step} | {unit} | {text} |")
    for values in meaning.EXAMPLES[name]:
        lines += ["", f"`{_bytes(name, [values]).hex()}` is `{json.dumps(values)}`"]
    return lines


def _bytes(name: str, records: list[Values]) -> bytes:
    """What is on air for these values."""
    packed = [codec.pack(name, values) for values in records]
    return codec.frame(packed) if name in schema.PAYLOADS else packed[0]


def vectors() -> str:
    """The examples and seeded random values, each with its port and bytes."""
    made = [
        _vector(name, [values])
        for name, examples in meaning.EXAMPLES.items()
        for values in examples
    ]
    draw = random.Random(2026)  # noqa: S311 - the same on every machine
    names = [*schema.PAYLOADS, *schema.COMMANDS]
    for at in range(RANDOM_VECTORS):
        name = names[at % len(names)]
        count = draw.randint(1, 4) if name in schema.PAYLOADS else 1
        made.append(_vector(name, [_draw(draw, name) for _ in range(count)]))
    return "[\n" + ",\n".join(json.dumps(one) for one in made) + "\n]\n"


def _vector(name: str, records: list[Values]) -> dict[str, Any]:
    fport = (schema.PAYLOADS.get(name) or schema.COMMANDS[name])[0]
    return {
        "name": name,
        "fport": fport,
        "hex": _bytes(name, records).hex(),
        "values": records,
    }


def _draw(draw: random.Random, name: str) -> Values:
    text = (schema.PAYLOADS.get(name) or schema.COMMANDS[name])[1]
    values: Values = {}
    for field, _, low, high, step, optional in codec.fields(text):
        value = draw.choice((low, high, draw.randrange(low, high + 1, step)))
        values[field] = None if optional and draw.random() < 0.2 else value
    return values


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which are out of date (exit code 1)."""
    stale = [path for path, text in files().items() if not _holds(path, text)]
    if "--check" in arguments:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run python -m tools.generate")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files()[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


def _holds(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
