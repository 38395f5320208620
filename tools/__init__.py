"""Set-up, build, flash, generate, and the bench."""

import os

# gRPC's fork handlers serve children that go on in Python, and may abort one of ours between fork
# and exec; ours run another program at once. It is read when grpc is imported.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
