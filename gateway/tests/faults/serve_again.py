"""`lamplighter serve` again and again, each a fork of this process, which has imported it all.

    python serve_again.py CONFIG

A line on stdin starts one; its pid is written, and when it ended its status: -9 after SIGKILL. So
a start takes what the service does at a start, not what Python needs to read its modules.
"""

import importlib
import os
import signal
import sys

from gateway.cli import main
from tools.setup.children import die_with_parent

for name in ("gateway.cli.serve", "gateway.networks.chirpstack", "gateway.sinks.webhook"):
    importlib.import_module(name)

for _ in sys.stdin:
    pid = os.fork()
    if not pid:
        die_with_parent(signal.SIGKILL)
        main(["--config", sys.argv[1], "serve"], prog_name="lamplighter")
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
