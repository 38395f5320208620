"""strace for a test: its program and what a test needs to run another one under it."""

import subprocess

import pytest

from tools.setup.paths import strace


def traced(*words: str) -> tuple[str, ...]:
    """The command, up to the traced program, that runs it under strace with `words`.

    What is traced must not inherit where strace's own libraries lie. A machine that lets nobody
    trace cannot show this fault: the test is left out and says why.
    """
    found = strace()
    assert found, "strace is missing: run `make test`, which brings it"
    program, environment = found
    libraries = environment.get("LD_LIBRARY_PATH", "")
    command = ("env", f"LD_LIBRARY_PATH={libraries}", str(program), "-E", "LD_LIBRARY_PATH")
    tried = subprocess.run(
        [*command, "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        pytest.skip(f"this machine lets no process be traced: {tried.stderr.strip()}")
    return (*command, *words)
