"""The way down to our own devices over a broker: acknowledgements, and commands that wait.

Text without quotes, for a modem's AT line has no way to escape them: `ack FCNT MORE` once the
message with this `fcnt` is stored, with how many commands follow at once, and
`cmd ID FPORT BASE64`. A command waits here until the device names its ID in `got` of a message,
and goes again after each message of the device until then; the device carries it out once.
"""

import base64
import secrets
from collections.abc import Callable

from gateway.clock import Clock, wall_ms
from gateway.errors import Retry
from gateway.networks._uplink import Asked
from gateway.notices import Downlink, Receipt

MOST_BYTES = 222
"""Of a command: as over LoRaWAN at its fastest, so that one frame fits every bearer."""


class Down:
    """What waits for devices, in memory: a restart of this process empties it.

    topic: with `{}` for the DevEUI.  publish(topic, body): raises Retry while it cannot.
    """

    def __init__(
        self, topic: str, publish: Callable[[str, bytes], None], clock: Clock = wall_ms
    ) -> None:
        self._topic = topic
        self._publish = publish
        self._clock = clock
        self._waiting: dict[str, Downlink] = {}

    def _of(self, dev_eui: str) -> dict[str, Downlink]:
        """{id: downlink} that waits and is not too old."""
        now_ms = self._clock()
        waiting = self._waiting.items()
        self._waiting = {item: one for item, one in waiting if one.expires_at_ms > now_ms}
        return {item: one for item, one in self._waiting.items() if one.dev_eui == dev_eui}

    def send(self, downlink: Downlink) -> Receipt:
        """Keep a command, and send it: a device that listens has it at once."""
        if downlink.flush:
            self.flush(downlink.dev_eui)
        item = secrets.token_hex(4)
        self._waiting[item] = downlink
        self._say(downlink.dev_eui, [_command(item, downlink)])
        return Receipt(item)

    def queued(self, dev_eui: str) -> dict[bytes, str]:
        """{frame: id} of what waits."""
        return {one.data: item for item, one in self._of(dev_eui).items()}

    def flush(self, dev_eui: str) -> None:
        """Drop what waits for a device."""
        for item in self._of(dev_eui):
            del self._waiting[item]

    def stored(self, asked: Asked) -> None:
        """A message that asks for it is stored: say so, and send what waits."""
        for item in asked.got:
            if item in self._of(asked.dev_eui):
                del self._waiting[item]
        waiting = self._of(asked.dev_eui)
        commands = [_command(item, one) for item, one in waiting.items()]
        self._say(asked.dev_eui, [f"ack {asked.fcnt} {len(commands)}", *commands])

    def _say(self, dev_eui: str, lines: list[str]) -> None:
        topic = self._topic.replace("{}", dev_eui)
        try:
            for line in lines:
                self._publish(topic, line.encode())
        except Retry:
            return  # the device sends its message again, and is answered then


def _command(item: str, downlink: Downlink) -> str:
    return f"cmd {item} {downlink.fport} {base64.b64encode(downlink.data).decode()}"
