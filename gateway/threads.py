"""Threads for calls that may hang: name look-ups, and connecting to the broker."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """A thread a call, and none is waited for at the end.

    The pool of the standard library joins its threads when the loop closes and again when the
    process ends, so one name server that does not answer would hold up the end for minutes. It
    also has a fixed number of them, so that a few hanging calls would stop all others.
    A subclass of it because asyncio takes nothing else as the loop's own executor.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start the call; the Future gets what it returns or raises."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="gateway-call", daemon=True).start()
        return future
