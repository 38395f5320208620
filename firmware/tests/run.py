"""Run the plain-assert tests under MicroPython: `micropython run.py [test_file.py ...]`.

Each file's `test_*` functions run in the order they stand; the exit code is 1 when one failed.
"""

import os
import sys

HERE = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
sys.path[:0] = [HERE + "/..", HERE]


def main(names):
    """Number of failed tests."""
    failed = passed = 0
    names = names or sorted(name for name in os.listdir(HERE) if name.startswith("test_"))
    for name in names:
        module = __import__("tests." + name.rsplit("/", 1)[-1][:-3], None, None, ["*"])
        if getattr(module, "ONLY", sys.implementation.name) != sys.implementation.name:
            continue
        for test in sorted(one for one in dir(module) if one.startswith("test_")):
            try:
                getattr(module, test)()
                passed += 1
            except Exception as error:
                failed += 1
                print("FAILED", name, test)
                sys.print_exception(error)
    print("%d passed, %d failed" % (passed, failed))
    device = sys.modules.get("tests.fake_device")
    if device:
        device.clean()
    return failed


sys.exit(1 if main(sys.argv[1:]) else 0)
