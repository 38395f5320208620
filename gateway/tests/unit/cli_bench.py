"""The command line in this process, as a test calls it."""

import json

from click.testing import CliRunner

from gateway import cli


def command_line(config):
    """`run("key", "add", "x")` gives (exit code, stdout, stderr); config: the file it reads."""

    def run(*arguments):
        result = CliRunner().invoke(cli.main, ["--config", str(config), *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def as_json(run, *arguments):
    """What a command that succeeds prints with `--json`."""
    code, out, err = run(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)
