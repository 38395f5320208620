"""A LoRaWAN 1.0.x device without a radio: makes frames, reads frames. For testing a server.

It keeps nonce, keys and counters, and rejects what a device must reject. It
drives the bench server and a real ChirpStack alike; the firmware is never tested with it.
"""

from dataclasses import dataclass

from tools.bench.network.lorawan import (
    DataFrame,
    FrameError,
    JoinAccept,
    JoinRequest,
    MType,
    full_f_cnt,
    session_keys,
)  # fmt: skip


@dataclass
class Probe:
    """One device. Identifiers and app_key in hex; dev_nonce is the next one to use."""

    dev_eui: str
    app_key: str
    join_eui: str = "70b3d57ed0000000"
    dev_nonce: int = 0
    dev_addr: str = ""
    nwk_s_key: bytes = b""
    app_s_key: bytes = b""
    f_cnt_up: int = 0
    f_cnt_down: int = 0

    def join_request(self) -> bytes:
        """The next join-request; each takes a new nonce."""
        request = JoinRequest(self.join_eui, self.dev_eui, self.dev_nonce)
        self.dev_nonce += 1
        return request.encode(bytes.fromhex(self.app_key))

    def accept(self, phy: bytes) -> JoinAccept:
        """Take the join-accept of the last request. Raises FrameError for a wrong one."""
        key = bytes.fromhex(self.app_key)
        accept = JoinAccept.decode(phy, key)
        self.nwk_s_key, self.app_s_key = session_keys(
            key, accept.join_nonce, accept.net_id, self.dev_nonce - 1
        )
        self.dev_addr = accept.dev_addr
        self.f_cnt_up = 0
        self.f_cnt_down = 0
        return accept

    def uplink(
        self,
        f_port: int | None = None,
        data: bytes = b"",
        *,
        confirmed: bool = False,
        ack: bool = False,
        adr: bool = False,
        f_opts: bytes = b"",
        f_cnt: int | None = None,
    ) -> bytes:
        """A data uplink. f_cnt: another counter than the next one, which then stays as it is."""
        kind = MType.CONFIRMED_UP if confirmed else MType.UNCONFIRMED_UP
        number = self.f_cnt_up if f_cnt is None else f_cnt
        self.f_cnt_up += f_cnt is None
        frame = DataFrame(kind, self.dev_addr, number, f_port, data, f_opts, adr=adr, ack=ack)
        return frame.encode(self.nwk_s_key, self.app_s_key)

    def read(self, phy: bytes) -> DataFrame:
        """A downlink in clear. Raises FrameError for another device's, a forged or an old one."""
        frame = DataFrame.parse(phy)
        f_cnt = full_f_cnt(self.f_cnt_down, frame.f_cnt)
        if frame.dev_addr != self.dev_addr or not frame.valid(self.nwk_s_key, f_cnt):
            raise FrameError("the downlink is not for this device, or forged")
        if f_cnt < self.f_cnt_down:
            raise FrameError(f"the downlink repeats counter {f_cnt}")
        self.f_cnt_down = f_cnt + 1
        return frame.clear(self.nwk_s_key, self.app_s_key, f_cnt)
