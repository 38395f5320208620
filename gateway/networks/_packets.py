"""MQTT control packets: those a subscriber sends, and those it gets.

Version 5, or 4, as MQTT 3.1.1 calls itself, whose packets have no properties.
Source: MQTT 5.0, sections 2 and 3; a number in a comment is a section there. And MQTT 3.1.1, 3.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

MOST_BYTES = 1 << 20
"""Largest packet taken, told to the broker, which then does not send a larger one (3.1.2.11.4)."""

CONNACK = 2
PUBLISH = 3
SUBACK = 9
PINGRESP = 13
DISCONNECT = 14
PINGREQ = b"\xc0\x00"

SESSION_EXPIRY = 0x11
SERVER_KEEPALIVE = 0x13
REASON = 0x1F
"""A property that holds the broker's own words."""
_BYTES = {
    **dict.fromkeys((0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A), 1),
    **dict.fromkeys((0x13, 0x21, 0x22, 0x23), 2),
    **dict.fromkeys((0x02, 0x11, 0x18, 0x27), 4),
}
_TEXTS = frozenset({0x03, 0x08, 0x09, 0x12, 0x15, 0x16, 0x1A, 0x1C, 0x1F})
_PAIR = 0x26
_COUNT = 0x0B
"""2.2.2.2: how long each property is."""

REASONS = {
    0x00: "Normal disconnection",
    0x04: "Disconnect with will message",
    0x80: "Unspecified error",
    0x81: "Malformed packet",
    0x82: "Protocol error",
    0x83: "Implementation specific error",
    0x84: "Unsupported protocol version",
    0x85: "Client identifier not valid",
    0x86: "Bad user name or password",
    0x87: "Not authorized",
    0x88: "Server unavailable",
    0x89: "Server busy",
    0x8A: "Banned",
    0x8B: "Server shutting down",
    0x8C: "Bad authentication method",
    0x8D: "Keep alive timeout",
    0x8E: "Session taken over",
    0x8F: "Topic filter invalid",
    0x90: "Topic name invalid",
    0x91: "Packet identifier in use",
    0x93: "Receive maximum exceeded",
    0x94: "Topic alias invalid",
    0x95: "Packet too large",
    0x96: "Message rate too high",
    0x97: "Quota exceeded",
    0x98: "Administrative action",
    0x99: "Payload format invalid",
    0x9A: "Retain not supported",
    0x9B: "QoS not supported",
    0x9C: "Use another server",
    0x9D: "Server moved",
    0x9E: "Shared subscription not supported",
    0x9F: "Connection rate exceeded",
    0xA0: "Maximum connect time",
    0xA1: "Subscription identifiers not supported",
    0xA2: "Wildcard subscription not supported",
}
"""2.4, of CONNACK, SUBACK and DISCONNECT."""
VERSION_3 = 0x01
"""What a broker of MQTT 3.1.1 answers to a later version. Source: MQTT 3.1.1, 3.2.2.3."""
_RETURNED = {VERSION_3: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
"""{return code of MQTT 3.1.1: the reason code that means the same}. Source: the same."""


class Malformed(ValueError):  # noqa: N818 - named as MQTT names it
    """These bytes are no packet that a broker may send to a subscriber at QoS 1."""


class Message(Struct, frozen=True):
    """A PUBLISH. identifier: 0 at QoS 0, which nobody acknowledges.  topic: empty: no UTF-8."""

    topic: str
    body: bytes
    identifier: int


class Answer(Struct, frozen=True):
    """Any other packet. codes: its reason codes, as many as it has; none: success.

    properties: {identifier: value}.  identifier: of the packet that it answers, else 0.
    """

    kind: int
    codes: Sequence[int] = ()
    properties: dict[int, int | str] = {}
    identifier: int = 0
    session_kept: bool = False


def reason(answer: Answer) -> str:
    """What a broker says, in MQTT's words and then in its own."""
    code = answer.codes[0] if answer.codes else 0
    named = REASONS.get(0x84 if code == VERSION_3 else code, f"reason code {code}")
    said = answer.properties.get(REASON)
    return f"{named} ({said})" if said else named


def granted(answer: Answer) -> str:
    """What a SUBACK gives."""
    names = REASONS | {0x00: "Granted QoS 0", 0x01: "Granted QoS 1", 0x02: "Granted QoS 2"}
    return ", ".join(names.get(code, f"reason code {code}") for code in answer.codes)


def connect(
    client_id: str, *, keepalive_s: int, clean: bool, session_s: int, receive_most: int,
    user: tuple[str, str], version: int = 5,
) -> bytes:  # fmt: skip
    """CONNECT (3.1). user: (name, password); both empty for none.

    session_s, receive_most: of version 5 only.
    """
    name, password = user
    flags = clean << 1 | bool(name) << 7 | bool(name) << 6
    properties = (
        b"\x11" + session_s.to_bytes(4, "big")
        + b"\x21" + receive_most.to_bytes(2, "big")
        + b"\x27" + MOST_BYTES.to_bytes(4, "big")
    )  # fmt: skip
    credentials = _text(name) + _text(password) if name else b""
    head = b"\x00\x04MQTT" + bytes([version, flags]) + keepalive_s.to_bytes(2, "big")
    own = bytes([len(properties)]) + properties if version == 5 else b""
    return _packet(0x10, head + own + _text(client_id) + credentials)


def subscribe(identifier: int, topic: str, version: int = 5) -> bytes:
    """SUBSCRIBE to one filter (3.8): at QoS 1, in version 4 at QoS 0."""
    head = identifier.to_bytes(2, "big")
    own = b"\x00" + _text(topic) + b"\x01" if version == 5 else _text(topic) + b"\x00"
    return _packet(0x82, head + own)


def publish(topic: str, body: bytes, version: int = 5) -> bytes:
    """PUBLISH at QoS 0 (3.3)."""
    return _packet(0x30, _text(topic) + b"\x00" * (version == 5) + body)


def puback(identifier: int) -> bytes:
    """PUBACK with success (3.4.2.1: then nothing but the identifier)."""
    return b"\x40\x02" + identifier.to_bytes(2, "big")


def disconnect(code: int = 0) -> bytes:
    """DISCONNECT (3.14)."""
    return b"\xe0\x01" + bytes([code]) if code else b"\xe0\x00"


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def _packet(first: int, rest: bytes) -> bytes:
    length = bytearray()
    size = len(rest)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    return bytes([first, *length, size]) + rest


class Stream:
    """Packets out of bytes that arrive in any pieces. version: of MQTT."""

    def __init__(self, version: int = 5) -> None:
        self._version = version
        self._rest = bytearray()
        self._needs = 2

    def feed(self, data: bytes) -> Iterator[Message | Answer]:
        """The packets that these bytes complete. Raises Malformed, also after some packets."""
        if self._rest:
            self._rest += data
            if len(self._rest) < self._needs:
                return
            data = bytes(self._rest)
            self._rest.clear()
        at = 0
        size = len(data)
        self._needs = 2
        while size - at >= self._needs:
            if data[at] not in _FIRST:
                raise Malformed(f"a packet of kind {data[at] >> 4} with flags {data[at] & 15}")
            start, length = _length(data, at + 1, size)
            if length < 0:
                break
            if start + length > size:
                self._needs = start + length - at
                break
            yield _parsed(data, at, start, start + length, self._version)
            at = start + length
        self._rest += data[at:]


def _length(data: bytes, at: int, size: int) -> tuple[int, int]:
    """(where the packet goes on, how many bytes follow); -1: not all of the number is here."""
    value = shift = 0
    for place in range(at, min(at + 4, size)):
        value |= (data[place] & 0x7F) << shift
        shift += 7
        if data[place] < 0x80:
            if value > MOST_BYTES:
                raise Malformed(f"a packet of {value} bytes, more than it may send")
            return place + 1, value
    if size >= at + 4:
        raise Malformed("a length of more than 4 bytes")
    return at, -1


def _parsed(data: bytes, first: int, at: int, end: int, version: int) -> Message | Answer:
    kind = data[first] >> 4
    try:
        if kind == PUBLISH:
            return _message(data, data[first] & 2, at, end, version)
        return (_ANSWERS if version == 5 else _ANSWERS_4)[kind](data[at:end])
    except IndexError:
        raise Malformed(f"a packet of kind {kind} that ends early") from None


def _message(data: bytes, qos: int, at: int, end: int, version: int) -> Message:
    """3.3. qos: 0, else it is acknowledged."""
    name = at + 2
    at = name + (data[at] << 8 | data[at + 1])
    try:
        topic = data[name:at].decode()
    except UnicodeDecodeError:
        topic = ""
    identifier = 0
    if qos:
        identifier = data[at] << 8 | data[at + 1]
        at += 2
        if not identifier:
            raise Malformed("a message with the packet identifier 0")
    if version == 5 and data[at]:
        at, length = _length(data, at, end)
        at = at + length if length >= 0 else end + 1
    elif version == 5:  # no properties, as almost always
        at += 1
    if at > end:
        raise Malformed("a message that ends early")
    return Message(topic, data[at:end], identifier)


def _connack(body: bytes) -> Answer:
    """3.2; a broker of MQTT 3.1.1 sends no properties."""
    if body[0] > 1:
        raise Malformed("a CONNACK with reserved flags")
    properties = _properties(body, 2)[0] if len(body) > 2 else {}
    return Answer(CONNACK, (body[1],), properties, session_kept=body[0] == 1)


def _suback(body: bytes) -> Answer:
    """3.9."""
    properties, at = _properties(body, 2)
    if at == len(body):
        raise Malformed("a SUBACK without a reason code")
    return Answer(SUBACK, body[at:], properties, identifier=body[0] << 8 | body[1])


def _connack_4(body: bytes) -> Answer:
    """MQTT 3.1.1, 3.2."""
    code = body[1]
    return Answer(CONNACK, (_RETURNED.get(code, code),), session_kept=body[0] == 1)


def _suback_4(body: bytes) -> Answer:
    """MQTT 3.1.1, 3.9."""
    if len(body) < 3:
        raise Malformed("a SUBACK without a return code")
    return Answer(SUBACK, body[2:], identifier=body[0] << 8 | body[1])


def _pingresp(body: bytes) -> Answer:
    """3.13."""
    if body:
        raise Malformed("a PINGRESP with content")
    return Answer(PINGRESP)


def _disconnect(body: bytes) -> Answer:
    """3.14: the reason code may be left out, and so may the properties."""
    properties = _properties(body, 1)[0] if len(body) > 1 else {}
    return Answer(DISCONNECT, body[:1], properties)


_ANSWERS = {
    CONNACK: _connack,
    SUBACK: _suback,
    PINGRESP: _pingresp,
    DISCONNECT: _disconnect,
}
_ANSWERS_4 = _ANSWERS | {CONNACK: _connack_4, SUBACK: _suback_4}


_FIRST = frozenset({kind << 4 for kind in _ANSWERS} | {0x30, 0x31, 0x32, 0x33, 0x3A, 0x3B})
"""First bytes of what a subscriber at QoS 1 may get: a message with or without DUP and RETAIN."""


def _properties(body: bytes, at: int) -> tuple[dict[int, int | str], int]:
    """({identifier: value} of the numbers and texts, where what follows begins)."""
    at, length = _length(body, at, len(body))
    end = at + length
    if length < 0 or end > len(body):
        raise Malformed("properties that end early")
    found: dict[int, int | str] = {}
    while at < end:
        key = body[at]
        at += 1
        if key in _BYTES:
            found[key] = int.from_bytes(body[at : at + _BYTES[key]], "big")
            at += _BYTES[key]
        elif key == _COUNT:
            at, _ = _length(body, at, end)
        elif key in _TEXTS or key == _PAIR:
            for _ in range(1 + (key == _PAIR)):
                size = body[at] << 8 | body[at + 1]
                found[key] = body[at + 2 : at + 2 + size].decode(errors="replace")
                at += 2 + size
        else:
            raise Malformed(f"an unknown property {key}")
    if at != end:
        raise Malformed("properties that end early")
    return found, end
