"""The buses of `machine` with devices on them: what a driver needs to be tried without a board.

Each is made as MicroPython makes it (`I2C(0, sda=..., scl=...)`), then given a device's answers by
`answer(raw)`; what the driver sent is kept in `sent`.
"""

EIO = 5  # what MicroPython raises when no device acknowledges its address
MADE = []
"""Every pin and bus, in the order they were made: a test finds its driver's here."""


class Pin:
    """A pin that remembers its level; `edge()` calls the interrupt."""

    IN, OUT, OPEN_DRAIN, PULL_UP, IRQ_RISING, IRQ_FALLING = 0, 1, 2, 1, 4, 8

    def __init__(self, number=0, mode=0, pull=-1, value=0):
        self.number = number
        self.pull = pull
        self.level = value
        self.handler = None
        self.device = None
        MADE.append(self)

    def init(self, mode=0, pull=-1, value=0):
        self.level = value

    def __call__(self, level=None):
        return self.value(level)

    def value(self, level=None):
        if level is None:
            return self.level
        self.level = level
        return None

    def irq(self, handler, trigger=0, hard=False):
        self.handler = handler

    def edge(self, level=1):
        rose, self.level = level and not self.level, level
        if rose and self.handler:
            self.handler(self)

    def answer(self, raw):
        """Levels one after the other, a byte each; or what is on the line, for a fake module."""
        if isinstance(raw, bytes):
            for level in raw:
                self.edge(level)
        else:
            self.device = list(raw) if isinstance(raw, list) else raw


class ADC:
    """A voltage as `read_u16` gives it."""

    raw = 24824

    def __init__(self, channel):
        self.channel = channel
        MADE.append(self)

    def read_u16(self):
        return self.raw

    def answer(self, raw):
        """Two bytes, big-endian: 0 to 65535 of full scale."""
        self.raw = raw[0] << 8 | raw[1]


class Bus:
    """A controller whose number must exist, as on the RP2040."""

    def __init__(self, number, **options):
        if number not in (0, 1):
            raise ValueError("bad bus %s" % number)
        self.options = options
        self.sent = []
        MADE.append(self)


class UART(Bus):
    """A serial line. It has old bytes at first, which a driver must not take for an answer."""

    def __init__(self, number, **options):
        super().__init__(number, **options)
        self._received = [b"old"]

    def answer(self, raw):
        """Bytes that arrive after the old ones were read."""
        self._received.append(raw)

    def any(self):
        return len(self._received[0]) if self._received else 0

    def read(self, count):
        assert count == self.any(), "a read of more than any() blocks"
        return self._received.pop(0) if count else None

    def write(self, data):
        self.sent.append(bytes(data))


class I2C(Bus):
    """A bus with one device on it, or none.

    Its answers are bytes, given one after another whatever is read, or a map of registers:
    {register: bytes, or [bytes, ...] given one by one, the last for all later reads}.
    """

    def __init__(self, number, **options):
        super().__init__(number, **options)
        self._raw = None
        self._at = 0

    def answer(self, raw):
        self._raw = dict(raw) if isinstance(raw, dict) else raw

    def _present(self):
        if self._raw is None:
            raise OSError(EIO)

    def writeto(self, address, data):
        self._present()
        self.sent.append((address, bytes(data)))
        if isinstance(self._raw, dict):
            self._at = int.from_bytes(data[:2], "big")

    def readfrom(self, address, count):
        self._present()
        if isinstance(self._raw, dict):
            return self._register(self._at, count)
        data, self._raw = self._raw[:count], self._raw[count:]
        return data

    def writeto_mem(self, address, register, data, addrsize=8):
        self._present()
        self.sent.append((address, register, bytes(data)))

    def readfrom_mem(self, address, register, count, addrsize=8):
        self._present()
        if not isinstance(self._raw, dict):
            return self.readfrom(address, count)
        return self._register(register, count)

    def readfrom_mem_into(self, address, register, buffer, addrsize=8):
        buffer[:] = self.readfrom_mem(address, register, len(buffer), addrsize=addrsize)

    def _register(self, register, count):
        kept = self._raw[register]
        if isinstance(kept, list):
            kept = kept.pop(0) if len(kept) > 1 else kept[0]
        assert len(kept) == count, "register %x: %d bytes read" % (register, count)
        return kept


class SPI(Bus):
    """A bus with one device: its answers are given byte for byte, whatever is sent; then zeros."""

    def __init__(self, number, **options):
        super().__init__(number, **options)
        self._raw = b""

    def answer(self, raw):
        self._raw = raw

    def write(self, data):
        self.sent.append(bytes(data))

    def read(self, count, write=0):
        data, self._raw = self._raw[:count], self._raw[count:]
        return data + bytes(count - len(data))

    def readinto(self, buffer, write=0):
        buffer[:] = self.read(len(buffer), write)

    def write_readinto(self, data, buffer):
        self.write(data)
        self.readinto(buffer)
