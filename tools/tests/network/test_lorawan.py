"""The bench's own frames and crypto against published vectors and against npm lora-packet."""

import json
import subprocess
from pathlib import Path
from random import Random

import pytest

from tools.bench.network.lorawan import (
    DataFrame,
    FrameError,
    JoinAccept,
    JoinRequest,
    MType,
    cmac,
    full_f_cnt,
    mtype,
    session_keys,
)
from tools.setup import paths

ORACLE = Path(__file__).with_name("lora_packet.mjs")
VECTORS = paths.ROOT / "firmware" / "tests" / "data"


def vectors(name, **wanted):
    found = json.loads((VECTORS / f"{name}.json").read_text())["vectors"]
    return [v for v in found if all(v.get(key) == value for key, value in wanted.items())]


def ask_oracle(jobs):
    node = str(paths.NODE) if paths.NODE.exists() else "node"
    answer = subprocess.run(
        [node, str(ORACLE), str(paths.SIM)], input=json.dumps(jobs), capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_published_cmacs():
    for vector in vectors("crypto", kind="aes_cmac"):
        made = cmac(bytes.fromhex(vector["key"]), bytes.fromhex(vector["msg"]))
        assert made.hex() == vector["expect"]


def test_published_session_keys():
    known = vectors("keys", kind="session", lorawan="1.0.x")
    assert known
    for v in known:
        keys = session_keys(
            bytes.fromhex(v["nwk_key"]), v["join_nonce"], v["net_id"], v["dev_nonce"]
        )
        made = {"nwk_s_key": keys[0].hex(), "app_s_key": keys[1].hex()}
        assert made == v["expect"], v["source"]


def test_published_join_requests():
    for v in vectors("join_frames", type="join_request"):
        request = JoinRequest.parse(bytes.fromhex(v["hex"]))
        fields = v["fields"]
        assert (request.join_eui, request.dev_eui) == (fields["join_eui"], fields["dev_eui"])
        assert request.dev_nonce == fields["dev_nonce"]
        if "key" in v:
            key = bytes.fromhex(v["key"])
            assert request.valid(key) is v["mic_valid"]
            assert not v["mic_valid"] or request.encode(key).hex() == v["hex"]


def test_published_join_accepts_both_ways():
    known = vectors("join_frames", type="join_accept", lorawan="1.0.x")
    assert len(known) >= 4
    for v in known:
        key, fields = bytes.fromhex(v["key"]), v["fields"]
        accept = JoinAccept.decode(bytes.fromhex(v["hex"]), key)
        assert accept == JoinAccept(
            fields["join_nonce"], fields["net_id"], fields["dev_addr"], fields["rx1_dr_offset"],
            fields["rx2_dr"], fields["rx_delay_raw"], tuple(fields.get("cflist_freqs_hz", ())),
        )  # fmt: skip
        assert accept.encode(key).hex() == v["hex"]


def test_published_data_frames():
    known = [v for v in vectors("data_frames", lorawan="1.0.x") if v.get("mic_valid") is not None]
    assert len(known) >= 15
    for v in known:
        frame, parsed = DataFrame.parse(bytes.fromhex(v["hex"])), v["parsed"]
        nwk = bytes.fromhex(v["nwk_s_key"])
        assert frame.valid(nwk, v["fcnt32"]) is v["mic_valid"], v["id"]
        assert (frame.dev_addr, frame.f_cnt) == (parsed["devaddr"], parsed["fcnt16"])
        assert (frame.f_port, frame.f_opts.hex()) == (parsed.get("fport"), parsed["fopts"])
        if "plaintext" in v:
            key = bytes.fromhex(v.get("app_s_key") or v["frm_key"])
            assert frame.plaintext(key, v["fcnt32"]).hex() == v["plaintext"], v["id"]


def random_frames(count):
    random = Random(3)
    for _ in range(count):
        kind = random.choice([MType(n) for n in (2, 3, 4, 5)])
        f_port = random.choice([None, 0, 1, 42, 223])
        payload = random.randbytes(random.randrange(1, 60)) if f_port is not None else b""
        f_opts = random.randbytes(random.randrange(16)) if f_port else b""
        frame = DataFrame(
            kind, f"{random.getrandbits(32):08x}", random.choice([0, 1, 65535, 65536, 0x1FFFE]),
            f_port, payload, f_opts, adr=random.random() < 0.5, ack=random.random() < 0.5,
        )  # fmt: skip
        yield frame, random.randbytes(16), random.randbytes(16)


def test_lora_packet_reads_our_data_frames():
    made = list(random_frames(60))
    jobs = [
        {"op": "readData", "phy": frame.encode(nwk, app).hex(), "f_cnt": frame.f_cnt,
         "nwk_s_key": nwk.hex(), "app_s_key": app.hex()}
        for frame, nwk, app in made
    ]  # fmt: skip

    for (frame, *_), read in zip(made, ask_oracle(jobs), strict=True):
        assert read["mic"] is True
        assert read["dev_addr"] == frame.dev_addr
        assert read["f_cnt16"] == frame.f_cnt & 0xFFFF
        assert (read["f_port"], read["payload"]) == (frame.f_port, frame.payload.hex())
        assert (read["adr"], read["ack"]) == (frame.adr, frame.ack)
        assert read["f_opts"] == frame.f_opts.hex()


def test_we_read_the_data_frames_of_lora_packet():
    wanted = [w for w in random_frames(60) if w[0].f_port]
    jobs = [
        {"op": "makeData", "mtype": f.mtype, "dev_addr": f.dev_addr, "f_cnt": f.f_cnt,
         "f_port": f.f_port, "adr": f.adr, "ack": f.ack, "f_opts": f.f_opts.hex(),
         "payload": f.payload.hex(), "nwk_s_key": nwk.hex(), "app_s_key": app.hex()}
        for f, nwk, app in wanted
    ]  # fmt: skip

    for (frame, nwk, app), made in zip(wanted, ask_oracle(jobs), strict=True):
        read = DataFrame.parse(bytes.fromhex(made["phy"]))
        assert read.valid(nwk, frame.f_cnt)
        clear = read.clear(nwk, app, frame.f_cnt)
        assert (clear.payload, clear.f_opts) == (frame.payload, frame.f_opts)
        assert (clear.mtype, clear.adr, clear.ack) == (frame.mtype, frame.adr, frame.ack)


def test_lora_packet_reads_our_joins():
    key = bytes(range(16))
    request = JoinRequest("70b3d57ed0000001", "0011223344556677", 0xABCD)
    accept = JoinAccept(0x010203, "000013", "260b1234", cf_list=(867_100_000, 867_300_000))
    nwk, app = session_keys(key, accept.join_nonce, accept.net_id, request.dev_nonce)

    asked, answered = ask_oracle([
        {"op": "readJoinRequest", "phy": request.encode(key).hex(), "app_key": key.hex()},
        {"op": "readJoinAccept", "phy": accept.encode(key).hex(), "app_key": key.hex(),
         "dev_nonce": "abcd"},
    ])  # fmt: skip

    assert asked == {
        "mic": True, "join_eui": request.join_eui, "dev_eui": request.dev_eui, "dev_nonce": 0xABCD,
    }  # fmt: skip
    assert answered == {
        "mic": True, "dev_addr": "260b1234", "net_id": "000013", "join_nonce": 0x010203,
        "cf_list": "184f84e85684" + "00" * 10, "nwk_s_key": nwk.hex(), "app_s_key": app.hex(),
    }  # fmt: skip


def test_a_16_bit_counter_means_the_next_32_bit_one():
    assert full_f_cnt(0, 0) == 0
    assert full_f_cnt(5, 9) == 9
    assert full_f_cnt(5, 4) == 4  # a repeated frame
    assert full_f_cnt(5, 3) == 65_536 + 3
    assert full_f_cnt(65_536, 0) == 65_536
    assert full_f_cnt(65_536, 65_535) == 65_535
    assert full_f_cnt(0, 65_535) == 65_535


@pytest.mark.parametrize(
    "phy", [b"", b"\x03", b"\x40" + bytes(10), bytes(22), b"\x20" + bytes(17)]
)
def test_what_is_no_frame_is_refused(phy):
    with pytest.raises(FrameError):
        read_any(phy)


def read_any(phy):
    kind = mtype(phy)
    if kind is MType.JOIN_REQUEST:
        JoinRequest.parse(phy)
    elif kind is MType.JOIN_ACCEPT:
        JoinAccept.decode(phy, bytes(16))
    else:
        DataFrame.parse(phy)


def test_every_published_malformed_uplink_is_refused():
    bad = vectors("malformed", direction="up")
    assert len(bad) == 5
    for v in bad:
        with pytest.raises(FrameError):
            read_any(bytes.fromhex(v["hex"]))
