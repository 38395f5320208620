"""A whole node over LoRaWAN: the real MAC on the node's own clock, a fake radio, a fake server."""

import asyncio
import sys

from tests.fake_network import APP_KEY, DEV_EUI, JOIN_EUI, Radio, Server, World
from tests.test_node_app import Board, made

# isort: split
from lorawan.region import eu868
from radios.errors import RadioError

_RADIO = "fake_air_radio"


class Broken(Radio):
    """A radio that can be broken: `fails` is how many calls raise RadioError from now on."""

    fails = 0
    starts = 0

    def _try(self):
        if self.fails:
            self.fails -= 1
            raise RadioError("fake radio: no answer")

    def start(self):
        self._try()
        self.starts += 1
        self.sleep()

    async def transmit(self, made, freq, sf, bw, power):
        self._try()
        return await super().transmit(made, freq, sf, bw, power)

    def listen(self, freq, sf, bw, on_frame):
        self._try()
        super().listen(freq, sf, bw, on_frame)

    def window_in_ms(self):
        return 1 << 29

    def random(self):
        return self.world.random()

    def fail_while_listening(self):
        """The task that waits for frames ends by an error, as `radios.sx126x` does."""
        self.listening = None

        async def listening():
            raise RadioError("fake radio: no answer")

        asyncio.create_task(listening())


class Air(World):
    """The air and the server of one node; `node` is made with its settings."""

    def __init__(self, profile="lamp", board=None, **settings):
        self.region = eu868
        self.radio_moves = False
        self.cut_after = None
        self.steps = 0
        self.air = []
        self.sent = []
        self._seed = 12345
        self.server = Server(self)
        self.server.reply = self._reply
        board = board or Board()
        board.LINK = "lorawan"
        board.RADIO = _RADIO
        sys.modules["radios." + _RADIO] = self
        settings.update(dev_eui=DEV_EUI.hex(), join_eui=JOIN_EUI.hex(), app_key=APP_KEY.hex())
        self.node = made(profile, board, **settings)

    def from_board(self, _board, clock):
        """As a module of `radios` has it."""
        self.clock = clock
        self.radio = Broken(self)
        return self.radio

    def _reply(self, uplink):
        return {"ack": True} if uplink[5] or uplink[1] & 0x40 else None

    def downlink(self, fport, data, confirmed=False):
        """To a node of class C, now."""
        there = (self.region.RX2_FREQ,) + self.region.DATARATES[self.region.RX2_DR]
        self.send(
            self.server.down(fport, data, confirmed=confirmed), self.clock.us() + 1000, there
        )

    def ports(self):
        return [uplink[3] for uplink in self.server.uplinks]
