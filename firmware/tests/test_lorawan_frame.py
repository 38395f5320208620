"""Frames and crypto against published vectors (`data/`, each with its source)."""

import json

from lorawan import activation, commands, frame
from lorawan.crypto import Key, aes
from tests.fake_network import decrypt

HERE = __file__.rsplit("/", 1)[0]


def vectors(name):
    with open(HERE + "/data/" + name + ".json") as file:
        return json.load(file)["vectors"]


def key(text):
    return Key(aes, bytes.fromhex(text))


class Session:
    """What `frame` needs of a session."""

    def __init__(self, addr, nwk, app=None, up=0, down=-1):
        self.addr = bytes(reversed(bytes.fromhex(addr)))
        self.nwk = key(nwk)
        self.app = key(app or nwk)
        self.fcnt_up = up
        self.fcnt_down = down


def test_cmac_of_rfc_4493():
    seen = 0
    for one in vectors("crypto"):
        if one["kind"] == "aes_cmac":
            assert key(one["key"]).cmac(bytes.fromhex(one["msg"])).hex() == one["expect"]
            seen += 1

    assert seen == 4


def test_join_requests_are_built_as_published():
    seen = 0
    for one in vectors("join_frames"):
        if one["type"] == "join_request" and one.get("mic_valid"):
            fields = one["fields"]
            join_eui, dev_eui = bytes.fromhex(fields["join_eui"]), bytes.fromhex(fields["dev_eui"])

            made = activation.request(key(one["key"]), join_eui, dev_eui, fields["dev_nonce"])

            assert made.hex() == one["hex"]
            seen += 1
    assert seen == 4


def test_join_accepts_open_to_their_fields():
    seen = 0
    for one in vectors("join_frames"):
        if one["type"] == "join_accept" and one["lorawan"] == "1.0.x":
            root = key(one["key"])

            fields = activation.accept_fields(root, bytes.fromhex(one["hex"]))

            assert fields.hex() == one["decrypted"][:-8]
            if "session" in one:
                keys = activation.session_keys(root, fields, one["session"]["dev_nonce"])
                assert keys[0].hex() == one["session"]["nwk_s_key"]
                assert keys[1].hex() == one["session"]["app_s_key"]
            seen += 1
    assert seen == 4


def test_a_join_accept_under_another_key_is_refused():
    for one in vectors("join_frames"):
        if one["type"] == "join_accept":
            assert activation.accept_fields(key("02" * 16), bytes.fromhex(one["hex"])) is None


def test_uplinks_are_built_as_published():
    seen = 0
    for one in vectors("data_frames"):
        parsed = one["parsed"]
        known = one.get("plaintext") is not None or not parsed["frmpayload"]
        if one["lorawan"] != "1.0.x" or parsed["dir"] != "up" or not one.get("mic_valid"):
            continue
        if not known or "nwk_s_key" not in one:
            continue
        app = one.get("app_s_key") or one.get("frm_key")
        session = Session(parsed["devaddr"], one["nwk_s_key"], app, one["fcnt32"])
        fctrl = parsed["fctrl"] & 0xF0
        data = bytes.fromhex(one.get("plaintext") or "")

        made = frame.uplink(
            session, fctrl, bytes.fromhex(parsed["fopts"]), parsed["fport"], data,
            parsed["mhdr"] == 0x80,
        )  # fmt: skip

        assert made.hex() == one["hex"], one["id"]
        seen += 1
    assert seen >= 5, seen


def test_downlinks_open_as_published():
    seen = 0
    for one in vectors("data_frames"):
        parsed = one["parsed"]
        if one["lorawan"] != "1.0.x" or parsed["dir"] != "down" or "nwk_s_key" not in one:
            continue
        last = one["fcnt32"] - 1
        session = Session(parsed["devaddr"], one["nwk_s_key"], one.get("app_s_key"), 0, last)

        opened = frame.downlink(session, bytes.fromhex(one["hex"]))

        if not one.get("mic_valid"):
            assert opened is None, one["id"]
            continue
        fcnt, fctrl, fopts, fport, payload, confirmed = opened
        assert (fcnt, fctrl, fport) == (one["fcnt32"], parsed["fctrl"], parsed["fport"])
        assert fopts == bytes.fromhex(parsed["fopts"])
        assert confirmed == (parsed["mhdr"] == 0xA0)
        if one.get("plaintext"):
            assert payload.hex() == one["plaintext"]
        session.fcnt_down = fcnt
        assert frame.downlink(session, bytes.fromhex(one["hex"])) is None, "a replay"
        seen += 1
    assert seen == 2, seen


def test_malformed_frames_are_refused_without_raising():
    session = Session("01020304", "02" * 16)
    for one in vectors("malformed"):
        data = bytes.fromhex(one["hex"])

        assert frame.downlink(session, data) is None, one["reason"]
        assert activation.accept_fields(key("02" * 16), data) is None, one["reason"]


def test_a_frame_with_fport_0_and_fopts_is_refused():
    session = Session("01020304", "02" * 16)
    body = b"\x60\x04\x03\x02\x01\x01\x00\x00\x06\x00\x55"
    whole = body + session.nwk.mic(1, session.addr, 0, body)
    legal = b"\x60\x04\x03\x02\x01\x00\x00\x00\x00" + session.nwk.crypt(
        1, session.addr, 0, b"\x06"
    )

    assert frame.downlink(session, whole) is None
    assert frame.downlink(session, legal + session.nwk.mic(1, session.addr, 0, legal))[3:5] == (
        0,
        b"\x06",
    )


def test_frames_that_are_signed_but_wrong_are_refused():
    session = Session("01020304", "02" * 16)

    def opened(body):
        return frame.downlink(session, body + session.nwk.mic(1, session.addr, 0, body))

    assert opened(b"\x60\x04\x03\x02\x01\x00\x00\x00") is not None
    assert opened(b"\x61\x04\x03\x02\x01\x00\x00\x00") is None, "another major version"
    assert opened(b"\x40\x04\x03\x02\x01\x00\x00\x00") is None, "an uplink"
    assert opened(b"\xe0\x04\x03\x02\x01\x00\x00\x00") is None, "proprietary"
    assert opened(b"\x60\x05\x03\x02\x01\x00\x00\x00") is None, "another device"
    assert opened(b"\x60\x04\x03\x02\x01\x0f\x00\x00\x06") is None, "FOpts overrun the frame"


def test_the_reserved_bits_of_mhdr_are_ignored():
    session = Session("01020304", "02" * 16)
    root = key("02" * 16)
    for reserved in range(0, 0x20, 4):
        for mtype in (0x60, 0xA0):
            body = bytes([mtype | reserved]) + b"\x04\x03\x02\x01\x00\x00\x00"
            opened = frame.downlink(session, body + session.nwk.mic(1, session.addr, 0, body))
            assert opened == (0, 0, b"", None, b"", mtype == 0xA0)
        head = bytes([0x20 | reserved])
        accept = head + decrypt(root.key, bytes(12) + root.cmac(head + bytes(12))[:4])
        assert activation.accept_fields(root, accept) == bytes(12)


def test_a_join_accept_of_another_type_or_length_is_refused():
    root = key("02" * 16)

    def made(mhdr, fields):
        return mhdr + decrypt(root.key, fields + root.cmac(mhdr + fields)[:4])

    assert activation.accept_fields(root, made(b"\x20", bytes(12))) == bytes(12)
    assert activation.accept_fields(root, made(b"\x20", bytes(28))) == bytes(28)
    assert activation.accept_fields(root, made(b"\x20", bytes(44))) is None
    assert activation.accept_fields(root, made(b"\x21", bytes(12))) is None
    assert activation.accept_fields(root, made(b"\x60", bytes(12))) is None


def test_the_counter_of_a_downlink_goes_on_over_16_bits():
    assert frame.next_counter(-1, 0) == 0
    assert frame.next_counter(-1, 40000) == 40000
    assert frame.next_counter(5, 6) == 6
    assert frame.next_counter(5, 5) == 65541
    assert frame.next_counter(65535, 0) == 65536
    assert frame.next_counter(65536, 65535) == 131071


def test_session_keys_as_published():
    for one in vectors("keys"):
        if one["kind"] == "session" and one["lorawan"] == "1.0.x":
            nonce = one["join_nonce"].to_bytes(3, "little")
            net = bytes(reversed(bytes.fromhex(one["net_id"])))

            keys = activation.session_keys(
                key(one["nwk_key"]), nonce + net + bytes(6), one["dev_nonce"]
            )

            assert keys[0].hex() == one["expect"]["nwk_s_key"]
            assert keys[1].hex() == one["expect"]["app_s_key"]


def test_time_on_air_as_published():
    seen = 0
    for one in vectors("time_on_air"):
        slow = one["sf"] >= 11 and one["bw_hz"] == 125000
        usual = one["cr"] == 5 and one["preamble"] == 8 and not one["implicit_header"]
        if not usual or one["ldro"] != slow:
            continue
        us = frame.time_on_air_us(one["sf"], one["bw_hz"], one["payload"], one["crc"])
        assert us == one["toa_us"], one
        seen += 1
    assert seen >= 3, seen
    # SX1261/2 calculator: 51 bytes + 13 of header at SF12, and a join request at SF7
    assert frame.time_on_air_us(12, 125000, 64) == 2793472
    assert frame.time_on_air_us(7, 125000, 23) == 61696


def test_command_streams_are_split_as_published():
    split = [cid for cid, _ in commands.split(bytes.fromhex("03000000700300ff0030"))]
    assert split == [3, 3]
    assert commands.split(bytes.fromhex("0300")) == []
    for unknown in (0, 1, 11, 12, 14, 255):
        assert commands.split(bytes([unknown, 6, 6, 6, 6, 6])) == []
    assert commands.split(bytes.fromhex("020a0fff0305")) == [(2, b"\x0a\x0f")]
    for one in vectors("mac_commands"):
        if one["direction"] == "down" and "+" not in one["name"]:
            data = bytes.fromhex(one["hex"])
            assert commands.split(data) == [(one["cid"], data[1:])], one["id"]
