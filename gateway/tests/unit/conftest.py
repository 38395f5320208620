"""What most tests of the command line stand on; a file with another store has its own `config`."""

import pytest

from gateway.tests.unit.cli_bench import command_line


@pytest.fixture
def config(tmp_path):
    """The configuration of a street whose network is simulated; its store is empty."""
    path = tmp_path / "lamplighter.toml"
    path.write_text('site = "street"\n[network]\nkind = "virtual"\n')
    return path


@pytest.fixture
def run(config):
    """See cli_bench.command_line."""
    return command_line(config)
