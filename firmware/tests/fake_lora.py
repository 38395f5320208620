"""micropython-lib's package `lora`, as far as radios.modem calls it: what it forbids is refused.

Source: micropython-lib, micropython/lora/README.md (calls, results, what raises).
"""

CONFIG = (
    "freq_khz", "sf", "bw", "coding_rate", "tx_ant", "output_power", "pa_ramp_us",
    "implicit_header", "preamble_len", "crc_en", "invert_iq_rx", "invert_iq_tx", "syncword",
    "rx_boost", "lna_gain", "lna_boost_hf", "auto_image_cal",
)  # fmt: skip
BANDS = ("7.8", "10.4", "15.6", "20.8", "31.25", "41.7", "62.5", "125", "250", "500")


class RxPacket(bytearray):
    """A frame with what was measured."""

    rssi = -80
    snr = -16


class Modem:
    """One modem. air: how the next window ends, None for not at all. received: a frame's bytes.

    dio: its pin that rises at an interrupt, or None.
    """

    FRAME, EMPTY, BROKEN = "frame", "empty", ("broken",)

    def __init__(self, dio=None):
        self.dio = dio
        self.ended = None
        self.received = b""
        self.config = {}
        self.callback = None
        self.state = "standby"
        self.air = None
        self.calls = []

    def configure(self, config):
        if self.state in ("receiving", "listening"):
            raise RuntimeError("Receiving")
        for name in config:
            if name not in CONFIG:
                raise ValueError("Invalid lora_cfg " + name)
        if "bw" in config and config["bw"] not in BANDS:
            raise KeyError(config["bw"])
        if "sf" in config and not 6 <= config["sf"] <= 12:
            raise ValueError("Invalid lora_cfg sf")
        self.config.update(config)

    def calibrate(self):
        self._idle("calibrate")

    def calibrate_image(self):
        self._idle("calibrate_image")

    def _idle(self, name):
        if self.state not in ("standby", "asleep"):
            raise RuntimeError(name + " while " + self.state)
        self.calls.append(name)

    def standby(self):
        self.state = "standby"

    def sleep(self):
        self.state = "asleep"

    def prepare_send(self, packet):
        if len(packet) > 255:
            raise ValueError("packet too long")
        self.state = "prepared"
        self.sent = bytes(packet)

    def start_send(self):
        if self.state != "prepared":
            raise RuntimeError("prepare_send was not called")
        self.state = "sending"
        self.raise_irq("sent")
        return True

    def poll_send(self):
        if self.state != "sending":
            return False
        if self.ended is None:
            return True
        self.ended = None
        self.state = "standby"
        return 1234

    def start_recv(self, timeout_ms=None, continuous=False, rx_length=0xFF):
        if continuous and timeout_ms is not None:
            raise ValueError
        self.state = "listening" if continuous else "receiving"
        self.timeout_ms = timeout_ms
        if not continuous and self.air is not None:
            self.raise_irq(self.air)
        return True

    def poll_recv(self, rx_packet=None):
        if self.state not in ("receiving", "listening"):
            return False
        ended, self.ended = self.ended, None
        if ended is None:
            return True
        listening = self.state == "listening"
        if not listening:
            self.state = "standby"
        return RxPacket(self.received) if ended == self.FRAME else listening

    def set_irq_callback(self, callback):
        self.callback = callback

    def raise_irq(self, ended):
        """The interrupt, at the pin or by the callback."""
        self.ended = ended
        if self.dio is not None:
            self.dio.edge()
            self.dio.level = 0
        elif self.callback:
            self.callback()
