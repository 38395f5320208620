"""Processes that must not outlive the one that started them, however it ends."""

import ctypes
import signal

PR_SET_PDEATHSIG = 1
"""Source: prctl(2), linux/prctl.h."""


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """For `preexec_fn`: a signal to this child when its parent is gone, be it by SIGKILL."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, by)
