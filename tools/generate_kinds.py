"""Pages for operators, one section a kind: network servers, sinks and decoders, from their files.

The meaning of a key is in the docstring of its Settings, as `key: meaning.  next_key: meaning.`
"""

import inspect
import json
import re
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

from gateway import devices, networks, registry, sinks

MADE = "Made by `python -m tools.generate` from `gateway/{folder}`; never edited."


def networks_page() -> str:
    """Network servers and the keys of `[network]`."""
    lines = _title("Network servers", networks)
    for kind, module in _kinds(networks):
        lines += _section(kind, module)
        lines += [f'Keys of `[network]` beside `kind = "{kind}"`:', ""]
        lines += _keys(module.Settings)
    return "\n".join(lines) + "\n"


def sinks_page() -> str:
    """Kinds of sinks, their targets and settings."""
    lines = _title("Kinds of sinks", sinks)
    for kind, module in _kinds(sinks):
        lines += _section(kind, module)
        lines += [f"Target: {module.Sink.target}.", ""]
        lines += [f"Keys of `[sinks.{kind}]`:", "", *_keys(module.Settings)]
    return "\n".join(lines) + "\n"


def devices_page() -> str:
    """Decoders: the products that can be registered."""
    lines = [
        *_title("Decoders", devices),
        "",
        "| decoder | product | takes commands |",
        "|---|---|---|",
    ]
    for kind, module in _kinds(devices):
        what = inspect.cleandoc(module.__doc__ or "").partition("\n")[0]
        lines += [f"| `{kind}` | {what} | {'yes' if module.encode else 'no'} |"]
    return "\n".join(lines) + "\n"


def meanings(settings: type[Struct]) -> dict[str, str]:
    """{key: meaning} from the docstring of a Settings. Raises ValueError for a key without one."""
    names = [field.name for field in msgspec.structs.fields(settings)]
    text = " ".join(inspect.cleandoc(settings.__doc__ or "").split())
    parts = re.split(rf"(?:^| )({'|'.join(names)}): ", text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    missing = ", ".join(f"`{name}: ...`" for name in names if name not in found)
    if missing:
        raise ValueError(f"the docstring of {settings.__module__}.Settings lacks {missing}")
    return {name: found[name].rstrip(".") for name in names}


def _kinds(package: ModuleType) -> list[tuple[str, Any]]:
    return [(kind, registry.find(package, kind, "kind")) for kind in registry.names(package)]


def _title(title: str, package: ModuleType) -> list[str]:
    return [f"# {title}", "", MADE.format(folder=package.__name__.rpartition(".")[2])]


def _section(kind: str, module: ModuleType) -> list[str]:
    """The heading and the module's docstring, a paragraph a line."""
    paragraphs = inspect.cleandoc(module.__doc__ or "").split("\n\n")
    lines = ["", f"## `{kind}`", ""]
    for paragraph in paragraphs:
        lines += [" ".join(paragraph.split()), ""]
    return lines


def _keys(settings: type[Struct]) -> list[str]:
    fields = msgspec.structs.fields(settings)
    if not fields:
        return [" ".join(inspect.cleandoc(settings.__doc__ or "").split())]
    known = meanings(settings)
    lines = ["| key | default | meaning |", "|---|---|---|"]
    for field in fields:
        default = _default(field.default)
        lines.append(f"| `{field.name}` | {default} | {known[field.name]} |")
    return lines


def _default(value: Any) -> str:
    """A default as the page shows it."""
    if value is msgspec.NODEFAULT:
        return "needed"
    return "" if value in {"", None} else f"`{json.dumps(value)}`"
