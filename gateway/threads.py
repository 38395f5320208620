"""Threads for calls that may hang: name resolution, connecting to the broker, slow disks."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads(ThreadPoolExecutor):
    """An executor with a daemon thread per call; the end of the process waits for none of them.

    ThreadPoolExecutor joins its threads when the loop closes and again when the process ends, so
    that a name server that does not answer would delay the end for minutes. It also has a fixed
    number of threads, so that a few hanging calls would stop all others.
    A subclass of it because asyncio accepts no other class as the loop's default executor.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start the call; the Future gets what it returns or raises."""
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - the caller handles it
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=run, name="gateway-call", daemon=True).start()
        return future
