"""A clock, an air, a radio, a store and a network server for the MAC: deterministic, no hardware.

Time is a number that jumps to whatever waits next. `World.cut_after` counts every save and every
move of the radio, and cuts the power there: `PowerCut` comes out of the MAC, the store keeps what
was saved, and a new MAC starts from it.
"""

import asyncio
import struct

from lorawan import activation, frame
from lorawan.crypto import Key, aes
from lorawan.mac import Mac
from lorawan.region import eu868

DEV_EUI = bytes.fromhex("70b3d57ed0000001")
JOIN_EUI = bytes.fromhex("0000000000000002")
APP_KEY = bytes(range(16))
ADDR = bytes.fromhex("26011bda")
LATENCY_US = 300
"""What opening a window and taking a frame cost the fake radio."""


class PowerCut(BaseException):
    """The power went."""


class Clock:
    """Time in us; sleepers wake in order."""

    def __init__(self):
        self.now = 0
        self._waiting = []
        self._count = 0

    def us(self):
        return self.now

    async def sleep_until_us(self, until_us):
        if until_us <= self.now:
            await asyncio.sleep(0)
            return
        event = asyncio.Event()
        self._count += 1
        self._waiting.append((until_us, self._count, event))
        await event.wait()

    def forget(self):
        """The board lost power: nobody waits any more."""
        self._waiting = []

    async def run(self, job):
        """Run a coroutine to its end, time jumping on whenever all sleep."""
        box = []

        async def wrapped():
            try:
                box.append((await job, None))
            except BaseException as error:
                box.append((None, error))

        task = asyncio.create_task(wrapped())
        while not box:
            for _ in range(30):
                await asyncio.sleep(0)
            if not box and self._waiting:
                self._waiting.sort(key=lambda one: one[:2])
                self.now, _, event = self._waiting.pop(0)
                event.set()
        await task
        if box[0][1]:
            raise box[0][1]
        return box[0][0]


class Store:
    """Blobs that survive a power cut."""

    def __init__(self, world):
        self._world = world
        self.blobs = {}
        self.saves = 0

    def load(self, name):
        return self.blobs.get(name)

    def save(self, name, data):
        assert not self._world.radio_moves, "a flash write between SetTx and the end of RX2"
        self._world.step()  # cut before the write ...
        self.blobs[name] = bytes(data)
        self.saves += 1
        self._world.step()  # ... or right after it


class Radio:
    """Sends into the world, hears what the server sends."""

    error_us = 0

    def __init__(self, world):
        self.world = world
        self.clock = world.clock
        self.listening = None
        self.asleep = True
        self.windowed = False  # the first window of this exchange is over
        self.windows = []

    async def transmit(self, made, freq, sf, bw, power):
        self.listening = None
        self.asleep = self.windowed = False
        self.world.step()
        start = self.clock.us()
        end = start + frame.time_on_air_us(sf, bw, len(made))
        self.world.sent.append((start, end, freq, sf, bw, power, made))
        self.world.step()
        self.world.radio_moves = True
        await self.clock.sleep_until_us(end)
        self.world.server.uplink(made, end, freq, sf, bw)
        return end

    async def receive(self, open_us, symbols, freq, sf, bw):
        assert open_us >= self.clock.us(), "a window in the past"
        await self.clock.sleep_until_us(open_us)
        self.listening = None
        self.windowed = True
        symbol = (1 << sf) * 1000000 // bw
        close = open_us + symbols * symbol
        self.windows.append((open_us, symbols, freq, sf, bw))
        for down in self.world.air:
            begin, end, there, payload = down
            heard_from = max(begin, open_us)
            if there == (freq, sf, bw) and heard_from + 5 * symbol <= min(
                begin + 8 * symbol, close
            ):
                await self.clock.sleep_until_us(end + LATENCY_US)
                self.world.radio_moves = False
                return payload, -80, 36
        await self.clock.sleep_until_us(close)
        return None

    def listen(self, freq, sf, bw, on_frame):
        self.world.radio_moves = self.world.radio_moves and not self.windowed
        self.listening = (freq, sf, bw), on_frame, self.clock.us()
        self.asleep = False

    def sleep(self):
        self.listening = None
        self.asleep = True
        self.world.radio_moves = False

    async def deliver(self, begin, end, there, payload):
        """Class C: hears a frame if it listened before the preamble ended and until its end."""
        await self.clock.sleep_until_us(end)
        listening = self.listening
        if listening and listening[0] == there and listening[2] <= begin + 2000:
            listening[1](payload, -70, 20)


class Server:
    """A network server of one device. Looks at every counter it ever saw."""

    def __init__(self, world):
        self.world = world
        self.root = Key(aes, APP_KEY)
        self.nonces = []
        self.join_nonce = 0
        self.settings = b"\x00\x01"  # DLSettings, RxDelay
        self.cflist = b""
        self.answers_join = True
        self.replays = None  # an old Join-Accept that somebody sends again
        self.session = None
        self.frames = {}  # (session number, fcnt) -> frame
        self.sessions = 0
        self.uplinks = []  # (fcnt, fctrl, fopts, fport, payload, confirmed)
        self.fcnt_down = 0
        self.reply = None  # called (uplink) -> dict of `down` arguments or None
        self.window = 1
        self.rx1 = lambda *there: there  # (Hz, SF, Hz) of an uplink to those of its first window

    def uplink(self, made, end, freq, sf, bw):
        if made[0] == 0:
            self._join(made, end, freq, sf, bw)
        elif self.session:
            self._data(made, end, freq, sf, bw)

    def _join(self, made, end, freq, sf, bw):
        assert self.root.cmac(made[:-4])[:4] == made[-4:]
        nonce = made[17] | made[18] << 8
        self.nonces.append(nonce)
        if self.replays:
            self._send(self.replays, end + 5000000, freq, sf, bw)
        if not self.answers_join:
            return
        self.join_nonce += 1
        fields = struct.pack("<I", self.join_nonce)[:3] + b"\x13\0\0" + bytes(reversed(ADDR))
        fields += self.settings + self.cflist
        self.session = FakeSession(*activation.session_keys(self.root, fields, nonce))
        self.sessions += 1
        self.fcnt_down = 0
        clear = fields + self.root.cmac(b"\x20" + fields)[:4]
        self.accept = b"\x20" + decrypt(APP_KEY, clear)
        self._send(self.accept, end + 4000000 + self.window * 1000000, freq, sf, bw)

    def _data(self, made, end, freq, sf, bw):
        session = self.session
        for high in range(0, 0x30000, 0x10000):
            fcnt = high | made[6] | made[7] << 8
            if session.nwk.mic(0, made[1:5], fcnt, made[:-4]) == made[-4:]:
                break
        else:
            raise AssertionError("an uplink of no session")
        key = (self.sessions, fcnt)
        assert self.frames.get(key, made) == made, "FCnt %d with two frames" % fcnt
        fresh = key not in self.frames
        self.frames[key] = made
        start = 8 + (made[5] & 15)
        fport = made[start] if start < len(made) - 4 else None
        payload = made[start + 1 : -4]
        payload = (session.app if fport else session.nwk).crypt(0, made[1:5], fcnt, payload)
        uplink = (fcnt, made[5], made[8:start], fport, payload, made[0] == 0x80)
        if fresh:
            self.uplinks.append(uplink)
        answer = self.reply(uplink) if self.reply else None
        if answer is not None:
            at = end + self.window * 1000000
            self._send(self.down(**answer), at, freq, sf, bw)

    def down(self, fport=None, data=b"", fopts=b"", confirmed=False, ack=False, fcnt=None):
        """A downlink's bytes; takes the next FCntDown unless one is given."""
        if fcnt is None:
            fcnt = self.fcnt_down
            self.fcnt_down += 1
        addr = bytes(reversed(ADDR))
        body = struct.pack(
            "<B4sBH",
            0xA0 if confirmed else 0x60,
            addr,
            (0x20 if ack else 0) | len(fopts),
            fcnt & 0xFFFF,
        )
        body += fopts
        if fport is not None:
            key = self.session.app if fport else self.session.nwk
            body += bytes([fport]) + key.crypt(1, addr, fcnt, data)
        return body + self.session.nwk.mic(1, addr, fcnt, body)

    def _send(self, made, at, freq, sf, bw):
        region = self.world.region
        there = (region.RX2_FREQ,) + region.DATARATES[region.RX2_DR]
        if self.window == 1:
            there = self.rx1(freq, sf, bw)
        self.world.send(made, at, there)


class FakeSession:
    """The server's side of a session's keys."""

    def __init__(self, nwk, app):
        self.nwk = Key(aes, nwk)
        self.app = Key(aes, app)


def decrypt(key, data):
    """AES-ECB decryption, which only a network server needs."""
    try:
        from cryptolib import aes as device_aes  # type: ignore[import-not-found]

        return device_aes(key, 1).decrypt(data)
    except ImportError:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.AES(key), modes.ECB()).decryptor().update(data)


class World:
    """Everything around one device."""

    def __init__(self, region=eu868):
        self.region = region
        self.clock = Clock()
        self.radio_moves = False
        self.cut_after = None
        self.steps = 0
        self.air = []  # (begin, end, (freq, sf, bw), payload)
        self.sent = []  # (begin, end, freq, sf, bw, power, frame)
        self.store = Store(self)
        self.server = Server(self)
        self._seed = 12345
        self.heard = []
        self.start()

    def start(self):
        """The board gets power."""
        self.clock.forget()
        self.radio_moves = False
        self.radio = Radio(self)
        self.start_mac()

    def start_mac(self):
        """The MAC on the radio that there is."""
        keys = DEV_EUI, JOIN_EUI, APP_KEY
        self.mac = Mac(self.radio, self.clock, self.random, aes, self.store, self.region, *keys)
        self.mac.on_downlink = self._on_downlink

    def _on_downlink(self, fport, data, confirmed):
        self.heard.append((fport, data, confirmed))

    def random(self):
        self._seed = (self._seed * 1103515245 + 12345) & 0x3FFFFFFF
        return self._seed >> 4

    def step(self):
        self.steps += 1
        if self.cut_after is not None and self.steps > self.cut_after:
            raise PowerCut

    def send(self, made, at, there):
        """A gateway transmits: for windows, and for who listens always."""
        end = at + frame.time_on_air_us(there[1], there[2], len(made), False)
        self.air.append((at, end, there, made))
        asyncio.create_task(self.radio.deliver(at, end, there, made))

    def run(self, job):
        """Run a coroutine in this world."""
        return asyncio.run(self.clock.run(job))

    async def joined(self):
        """Join, however many attempts it takes."""
        while not self.mac.joined:
            await self.mac.join()
