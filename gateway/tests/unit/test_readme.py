"""The README names everything an operator or a backend developer can meet."""

import importlib
import pkgutil
import re

import click
import msgspec
import pytest

import gateway
from gateway import cli, errors, events, model, registry, settings
from gateway.http.routes import ROUTES

README = "gateway/README.md"


@pytest.fixture(scope="module")
def readme(request):
    return (request.config.rootpath / README).read_text()


def keys(struct, section=""):
    """`[section] key` of every setting."""
    for field in msgspec.structs.fields(struct):
        if field.name in {"network", "folder"}:
            continue
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            yield from keys(field.type, f"{section}.{field.name}".strip("."))
        else:
            yield f"[{section}] {field.name}" if section else field.name


def test_every_setting_is_named(readme):
    assert [key for key in keys(settings.Settings) if f"`{key}`" not in readme] == []


def test_every_setting_in_the_table_exists(readme):
    named = re.findall(
        r"^\| `((?:\[[\w.]+\] )?\w+)` \|", readme.partition("## Events")[0], re.MULTILINE
    )

    assert set(named) <= {*keys(settings.Settings), "[network] kind"}


def test_every_page_of_kinds_is_linked(readme):
    for page in ("networks.md", "sinks.md", "devices.md"):
        assert f"(generated/{page})" in readme


def commands(group, prefix=""):
    for name, one in group.commands.items():
        if isinstance(one, click.Group):
            yield from commands(one, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


def test_every_command_is_named(readme):
    missing = [one for one in commands(cli.main) if not re.search(rf"`{one}[ `]", readme)]

    assert missing == []


def test_every_event_type_and_command_state_is_named(readme):
    states = [*model.FINAL_STATES, "desired", "queued", "sent", "acked"]

    assert [kind for kind in events.KINDS if f"`{events.event_type(kind)}`" not in readme] == []
    assert [state for state in states if f"| `{state}` |" not in readme] == []


def test_every_kind_of_error_is_named(readme):
    for one in pkgutil.walk_packages(gateway.__path__, "gateway."):
        if one.name != "gateway.__main__":
            importlib.import_module(one.name)
    kinds, found = [errors.GatewayError], []
    while kinds:
        kind = kinds.pop()
        found.append(kind.__name__)
        kinds += kind.__subclasses__()

    assert [name for name in found if f"`{name}`" not in readme] == []


def test_every_path_is_named(readme):
    paths = {one.path.removeprefix("/v1") for one in ROUTES}
    shown = readme.partition("## REST API")[2].partition("## Command line")[0]
    for path in sorted(paths):
        assert path.rpartition("/")[2] in shown, path


def test_every_place_to_add_something_exists(readme, request):
    shown = readme.partition("## Add one")[2].partition("## Design")[0]
    gateway_folder = request.config.rootpath / "gateway"

    for name in re.findall(r"`(\w+)/[<\w]", shown):
        assert (gateway_folder / name).is_dir(), name
    for name in re.findall(r"`(test_\w+\.py)`", shown):
        assert (gateway_folder / "tests" / "contract" / name).exists(), name


def test_every_file_of_the_command_line_is_a_command_of_its_name():
    assert sorted(cli.main.commands) == list(registry.names(cli))
