"""`device add --output`: the file with the key exists before the device, and replaces no other."""

import json
import resource
from pathlib import Path

import pytest

from gateway.cli._secret import secret_file
from gateway.errors import Refused
from gateway.tests.unit.cli_bench import as_json

ROOT = Path(__file__).parents[3]
ADD = ("device", "add", "bin 1", "--profile", "bin", "--output")
AWAY = '[network]\nkind = "chirpstack"\ngrpc = "http://127.0.0.1:1"\ntimeout_s = 0.1\n'
HERE = '[network]\nkind = "virtual"\n'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "lamplighter.toml"
    path.write_text(f'site = "street"\n{HERE}')
    return path


def devices(run):
    return as_json(run, "device", "list")["devices"]


def test_the_file_of_another_unit_is_not_overwritten(run, tmp_path):
    output = tmp_path / "device.json"
    output.write_text("the key of another unit")

    code, _, said = run(*ADD, str(output))

    assert (code, devices(run)) == (1, [])
    assert output.read_text() == "the key of another unit"
    assert f"{output} is there already and may hold another unit's key" in said


@pytest.mark.parametrize(
    ("path", "said"),
    [("absent/device.json", "No such file"), ("lamplighter.toml/device.json", "Not a directory")],
)
def test_nothing_is_registered_when_the_file_cannot_be_written(run, tmp_path, path, said):
    code, _, printed = run(*ADD, str(tmp_path / path))

    assert (code, devices(run)) == (1, [])
    assert f"cannot be written: {said}" in printed
    assert "nothing was registered" in printed


def test_a_link_is_not_followed_to_what_it_names(run, tmp_path):
    (tmp_path / "device.json").symlink_to(tmp_path / "elsewhere")

    code, _, _ = run(*ADD, str(tmp_path / "device.json"))

    assert (code, devices(run), (tmp_path / "elsewhere").exists()) == (1, [], False)


def test_the_owner_alone_reads_it(run, tmp_path):
    output = tmp_path / "device.json"

    made = as_json(run, *ADD, str(output))

    assert json.loads(output.read_text()) == made["device_json"]
    assert output.stat().st_mode & 0o777 == 0o600


def test_no_file_stays_when_the_device_is_not_registered(run, config, tmp_path):
    config.write_text(f'site = "street"\n{AWAY}')
    output = tmp_path / "device.json"

    code, _, _ = run(*ADD, str(output))

    assert (code, output.exists(), devices(run)) == (4, False, [])


def test_the_file_is_whole_before_what_follows(tmp_path):
    output = tmp_path / "device.json"

    with pytest.raises(KeyboardInterrupt), secret_file(output, "key"):  # noqa: PT012 - the order
        assert output.read_text() == "key"
        raise KeyboardInterrupt

    assert not output.exists()


def test_what_cannot_be_written_whole_is_removed(tmp_path):
    output = tmp_path / "device.json"
    most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, most[1]))
    try:
        with pytest.raises(Refused, match="File too large"), secret_file(output, "key"):
            raise AssertionError
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, most)

    assert not output.exists()


@pytest.mark.parametrize("name", ["device.json", "lamplighter.toml", "lamplighter.db*", "events/"])
def test_files_with_secrets_and_readings_are_not_committed(name):
    assert f"/{name}" in (ROOT / ".gitignore").read_text().splitlines()
