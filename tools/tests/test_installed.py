"""What `installed.py` says of an installation, on MicroPython's unix port."""

import subprocess

from tools.build import FIRMWARE
from tools.setup.paths import MICROPYTHON_UNIX

SCRIPT = """
import sys
sys.path.insert(0, %r)
from installed import explain
for error in (ValueError("incompatible .mpy file"), ImportError("no module named 'node.log'"),
              MemoryError("memory allocation failed"), KeyError("x")):
    print(explain(error, "lib"))
"""


def explained(folder, **files):
    """The lines that `explain` gives for four errors, with these .mpy files below lib/node."""
    (folder / "lib" / "node").mkdir(parents=True)
    for name, head in files.items():
        (folder / "lib" / "node" / f"{name}.mpy").write_bytes(head + b"\x00\x1f")
    done = subprocess.run(
        [str(MICROPYTHON_UNIX), "-c", SCRIPT % str(FIRMWARE)],
        cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.splitlines()


def test_an_incompatible_file_is_named_with_the_cure(tmp_path):
    lines = explained(tmp_path, app=b"M\x06", shell=b"M\x05", log=b"")

    assert "incompatible .mpy file, lib/node/log.mpy, lib/node/shell.mpy'" in lines[0]
    assert "loads .mpy of version 6: install the firmware that fits it" in lines[0]


def test_many_incompatible_files_are_counted(tmp_path):
    lines = explained(tmp_path, **{f"m{at}": b"M\x05" for at in range(9)})

    assert "lib/node/m0.mpy, lib/node/m1.mpy, lib/node/m2.mpy and 6 more" in lines[0]


def test_each_error_has_the_cure_that_fits(tmp_path):
    lines = explained(tmp_path)

    assert "a file is missing: install the firmware again" in lines[1]
    assert "type reboot" in lines[2]
    assert "report it to the maintainers" in lines[3]
