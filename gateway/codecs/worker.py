"""Runs one JavaScript codec in QuickJS, in a process of its own that has nothing else.

`gateway.codecs.sandbox` starts this file with an empty environment and no descriptors but its two
pipes, and kills it when it takes too long. A message is a length of 4 bytes, the most significant
first, then JSON: first {"script"}, answered by {}, then calls {"function", "given", "time_ms"};
each is answered by {"text"}, the returned value as JSON, or {"error"}. It imports nothing of the
gateway.
"""

import json
import resource
import sys
from typing import Any

import quickjs  # pyright: ignore[reportMissingTypeStubs]

engine: Any = quickjs  # has no types
RUN_S = 0.1
"""Of processor time for a call, as ChirpStack gives. Source: its `codec.js.max_execution_time`."""
MEMORY_BYTES = 8 << 20
STACK_BYTES = 256 << 10
TEXT_MOST = 64 << 10
"""Longest answer, characters of JSON."""
LIFE_S = 60
"""Processor time after which the kernel ends the process; the next call starts another."""
LIMITS = {
    resource.RLIMIT_CPU: LIFE_S,
    resource.RLIMIT_AS: 512 << 20,
    resource.RLIMIT_FSIZE: 0,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NPROC: 0,
    resource.RLIMIT_NOFILE: 3,
}
BEFORE = """
"use strict";
(function () {
  const write = JSON.stringify, read = JSON.parse, Instant = Date, finite = Number.isFinite;
  const quiet = function () {};
  globalThis.console = { log: quiet, info: quiet, warn: quiet, error: quiet, debug: quiet };
  const checked = function (key, value) {
    if (typeof value === "number" && !finite(value)) {
      throw new TypeError("a number of the result is " + value);
    }
    return value;
  };
  const call = function (asked, text, time, most) {
    const given = read(text);
    if (time !== null) given.recvTime = new Instant(time);
    const written = write(asked(given), checked);
    if (typeof written !== "string") throw new TypeError("the codec returned nothing");
    if (written.length > most) throw new RangeError("the result is too long");
    return written;
  };
  Object.defineProperty(globalThis, "lamplighter_call", { value: call });
})();
"""
"""Takes what it needs before the codec can change it."""


class Codec:
    """A codec and the context that it runs in, made anew after each exception."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._context: Any = None

    def run(self, function: str, given: str, time_ms: int | None) -> dict[str, str]:
        """{"text": what the function returned} or {"error": what it threw}."""
        try:
            context = self._ready()
            context.set("lamplighter_given", given)
            call = f"lamplighter_call({function}, lamplighter_given, {json.dumps(time_ms)}, "
            text = context.eval(f"{call}{TEXT_MOST})")
            json.dumps(json.loads(text), ensure_ascii=False).encode()  # no half characters
        except (engine.JSException, ValueError, TypeError, MemoryError, RecursionError) as error:
            self._context = None
            said = str(error)[:500].strip()
            return {"error": "out of memory or stack" if said in {"", "null"} else said}
        return {"text": text}

    def _ready(self) -> Any:
        if self._context is None:
            context = engine.Context()
            context.set_memory_limit(MEMORY_BYTES)
            context.set_max_stack_size(STACK_BYTES)
            context.eval(BEFORE)
            context.set_time_limit(RUN_S)
            context.eval(self._script)
            self._context = context
        return self._context


def receive() -> dict[str, Any] | None:
    """The next message; None when the parent has gone."""
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:
        return None
    found: dict[str, Any] = json.loads(sys.stdin.buffer.read(int.from_bytes(head, "big")))
    return found


def send(answer: dict[str, str]) -> None:
    """Write one message."""
    body = json.dumps(answer).encode()
    sys.stdout.buffer.write(len(body).to_bytes(4, "big") + body)
    sys.stdout.buffer.flush()


def main() -> None:
    """Answer calls until the parent goes."""
    for what, most in LIMITS.items():
        resource.setrlimit(what, (most, most))
    first = receive()
    if first is None:
        return
    codec = Codec(first["script"])
    send({})
    while asked := receive():
        send(codec.run(asked["function"], asked["given"], asked["time_ms"]))


if __name__ == "__main__":
    main()
