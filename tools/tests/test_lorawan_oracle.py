"""The firmware's frames against an independent implementation, npm lora-packet."""

import json
import subprocess
from pathlib import Path
from random import Random

from lorawan import activation, frame
from lorawan.crypto import Key, aes

from tools.setup import paths

ORACLE = Path(__file__).with_name("network") / "lora_packet.mjs"


class Session:
    """What `frame` needs of a session, with random keys."""

    def __init__(self, draw):
        self.addr = draw.randbytes(4)
        self.nwk = Key(aes, draw.randbytes(16))
        self.app = Key(aes, draw.randbytes(16))
        self.fcnt_up = draw.choice((0, 1, 65535, 65536, 70000, draw.randrange(1 << 31)))
        self.fcnt_down = -1

    def keys(self):
        return {"nwk_s_key": self.nwk.key.hex(), "app_s_key": self.app.key.hex()}


def ask(jobs):
    """The oracle's answers."""
    done = subprocess.run(
        [paths.NODE, ORACLE, paths.SIM], input=json.dumps(jobs), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_uplinks_are_read_by_the_oracle():
    draw = Random(1)
    jobs, expected = [], []
    for _ in range(100):
        session = Session(draw)
        fport = draw.choice((None, 0, 1, 10, 223))
        fopts = draw.randbytes(draw.randrange(16)) if fport else b""
        data = draw.randbytes(draw.randrange(1, 60)) if fport is not None else b""
        confirmed = draw.random() < 0.5
        fctrl = draw.choice((0, frame.ADR, frame.ADR | frame.ACK))
        made = frame.uplink(session, fctrl, fopts, fport, data, confirmed)
        jobs.append(
            {"op": "readData", "phy": made.hex(), "f_cnt": session.fcnt_up} | session.keys()
        )
        expected.append({
            "mic": True,
            "type": "Confirmed Data Up" if confirmed else "Unconfirmed Data Up",
            "dev_addr": session.addr[::-1].hex(),
            "f_cnt16": session.fcnt_up & 0xFFFF,
            "f_port": fport,
            "adr": bool(fctrl & frame.ADR),
            "ack": bool(fctrl & frame.ACK),
            "f_opts": fopts.hex(),
            "payload": data.hex(),
        })  # fmt: skip

    assert ask(jobs) == expected


def test_downlinks_of_the_oracle_are_read():
    draw = Random(2)
    jobs, sessions = [], []
    for _ in range(100):
        session = Session(draw)
        fcnt = draw.choice((0, 1, 65535, 65536, draw.randrange(1 << 20)))
        session.fcnt_down = fcnt - 1
        fport = draw.choice((0, 1, 30, 223))
        sessions.append(session)
        jobs.append({
            "op": "makeData", "mtype": draw.choice((3, 5)), "dev_addr": session.addr[::-1].hex(),
            "f_cnt": fcnt, "f_port": fport, "adr": True, "ack": draw.random() < 0.5,
            "f_opts": draw.randbytes(draw.randrange(16)).hex() if fport else "",
            "payload": draw.randbytes(draw.randrange(1, 60)).hex(),
        } | session.keys())  # fmt: skip

    answers = ask(jobs)

    for job, session, answer in zip(jobs, sessions, answers, strict=True):
        opened = frame.downlink(session, bytes.fromhex(answer["phy"]))
        assert opened is not None
        fcnt, fctrl, fopts, fport, payload, confirmed = opened
        assert (fcnt, fport, confirmed) == (job["f_cnt"], job["f_port"], job["mtype"] == 5)
        assert (fopts.hex(), payload.hex()) == (job["f_opts"], job["payload"])
        assert bool(fctrl & frame.ACK) == job["ack"]


def test_join_requests_are_read_by_the_oracle():
    draw = Random(3)
    jobs, expected = [], []
    for nonce in (0, 1, 255, 256, 65535):
        key, join_eui, dev_eui = draw.randbytes(16), draw.randbytes(8), draw.randbytes(8)
        made = activation.request(Key(aes, key), join_eui, dev_eui, nonce)
        jobs.append({"op": "readJoinRequest", "phy": made.hex(), "app_key": key.hex()})
        expected.append({
            "mic": True, "join_eui": join_eui.hex(), "dev_eui": dev_eui.hex(), "dev_nonce": nonce,
        })  # fmt: skip

    assert ask(jobs) == expected
