"""MQTT packets in any pieces and any bytes; paho's client is the judge of what they mean."""

import contextlib
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from gateway.networks import _packets
from gateway.networks._packets import Answer, Malformed, Message, Stream

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
NAMES = {
    "PayloadFormatIndicator": st.integers(0, 1),
    "MessageExpiryInterval": st.integers(0, 2**32 - 1),
    "ContentType": TEXT,
    "ResponseTopic": TEXT,
    "CorrelationData": st.binary(max_size=40),
    "SubscriptionIdentifier": st.integers(1, 2**28 - 1),
    "UserProperty": st.tuples(TEXT, TEXT),
}


@st.composite
def publishes(draw):
    """The bytes of a PUBLISH."""
    topic = draw(TEXT.filter(bool)).encode()
    qos = draw(st.integers(0, 1))
    properties = Properties(PacketTypes.PUBLISH)
    for name in draw(st.sets(st.sampled_from(sorted(NAMES)), max_size=4)):
        setattr(properties, name, draw(NAMES[name]))
    mid = draw(st.integers(1, 65535)).to_bytes(2, "big") if qos else b""
    body = draw(st.binary(max_size=300))
    rest = len(topic).to_bytes(2, "big") + topic + mid + properties.pack() + body
    first = 0x30 | qos << 1 | draw(st.sampled_from([0, 1])) | 8 * qos * draw(st.integers(0, 1))
    return _packets._packet(first, rest)


def by_paho(data):
    """What paho's client makes of these bytes."""
    ours, theirs = socket.socketpair()
    got = []
    client = Client(
        CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, manual_ack=True
    )
    client.on_message = lambda _client, _data, one: got.append(
        Message(one.topic, bytes(one.payload), one.mid)
    )
    with ours, theirs:
        ours.setblocking(False)
        client._sock = ours  # pyright: ignore[reportAttributeAccessIssue] - a socket is one
        theirs.sendall(data)
        for _ in range(100):
            client.loop_read()
        client._sock = None
    return got


def ours(pieces):
    """([packets], whether it ended as malformed)."""
    stream = Stream()
    got = []
    try:
        for piece in pieces:
            for packet in stream.feed(piece):
                got.append(packet)  # noqa: PERF402 - those before a malformed one count
    except Malformed:
        return got, True
    return got, False


def cut(data, places):
    """The bytes in pieces."""
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(st.lists(publishes(), max_size=8), st.lists(st.integers(0, 10**6), max_size=12))
def test_messages_in_any_pieces_are_those_that_paho_reads(packets, places):
    data = b"".join(packets)

    got, malformed = ours(cut(data, places))

    assert (got, malformed) == (by_paho(data), False)


@given(
    st.lists(st.one_of(publishes(), st.binary(max_size=12)), max_size=4).map(b"".join),
    st.lists(st.integers(0, 10**6), max_size=12),
)
def test_any_bytes_are_read_or_refused_alike_in_any_pieces(data, places):
    whole = ours([data])

    assert ours(cut(data, places)) == whole
    assert ours([data[n : n + 1] for n in range(len(data))]) == whole


@given(publishes(), st.data())
def test_a_message_cut_short_is_never_taken_for_a_whole_one(packet, data):
    at = data.draw(st.integers(0, len(packet) - 1))

    assert ours([packet[:at]]) == ([], False)


def test_the_answers_of_a_broker_are_read():
    cases = {
        "2003000000": Answer(_packets.CONNACK, (0,)),
        "2003010000": Answer(_packets.CONNACK, (0,), session_kept=True),
        "20020001": Answer(_packets.CONNACK, (1,)),
        "200b0000081300051f0002676f": Answer(_packets.CONNACK, (0,), {0x13: 5, 0x1F: "go"}),
        "900400010001": Answer(_packets.SUBACK, b"\x01", identifier=1),
        "d000": Answer(_packets.PINGRESP),
        "e000": Answer(_packets.DISCONNECT, b""),
        "e0018e": Answer(_packets.DISCONNECT, b"\x8e"),
        "e0088e061f0003627965": Answer(_packets.DISCONNECT, b"\x8e", {0x1F: "bye"}),
    }
    for given_, meant in cases.items():
        assert ours([bytes.fromhex(given_)]) == ([meant], False), given_


@pytest.mark.parametrize(
    "given_",
    [
        "34050001610001",  # QoS 2
        "3205000161000000",  # identifier 0
        "30020005",  # a topic beyond the end
        "3006000161ff0102",  # properties beyond the end
        "30ffffffff01",  # a length of five bytes
        "30ffffff7f",  # 256 MB
        "200100",  # half a CONNACK
        "2003020000",  # reserved flags
        "2106000001",  # reserved flags of the packet
        "9003000100",  # no reason code
        "d00100",
        "40020001",  # a PUBACK: nothing was published
        "00",
        "0000",
        "200600000399ff00",  # an unknown property
        "2005000002130005",  # a property beyond its properties
    ],
)
def test_what_no_broker_may_send_is_malformed(given_):
    packets, malformed = ours([bytes.fromhex(given_) + bytes(8)])

    assert (packets, malformed) == ([], True)


def test_a_reason_is_told_in_the_words_of_the_specification():
    for kind, ours_ in ((PacketTypes.CONNACK, _packets.CONNACK), (PacketTypes.DISCONNECT, 14)):
        for code in range(256):
            with contextlib.suppress(KeyError, ValueError, AssertionError):
                name = str(ReasonCode(kind, identifier=code))
                if code or kind == PacketTypes.DISCONNECT:
                    assert _packets.reason(Answer(ours_, (code,))) == name
    assert _packets.reason(Answer(14, (0x8E,), {0x1F: "moved"})) == "Session taken over (moved)"
    assert _packets.reason(Answer(14, (0x77,))) == "reason code 119"
    assert _packets.reason(Answer(_packets.CONNACK, (1,))) == "Unsupported protocol version"
