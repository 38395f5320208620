"""Whatever comes over the air: nothing raises, nothing forged is taken, the MAC goes on."""

from hypothesis import given, settings
from hypothesis import strategies as st
from lorawan import activation, commands, plan, saved
from lorawan.crypto import Key, aes
from lorawan.region import eu868
from lorawan.session import Session
from tests.fake_network import APP_KEY, World

ROOT = Key(aes, bytes(16))


def joined_world() -> World:
    """A device that has joined in class C."""
    world = World()
    world.mac.set_class("C")
    world.run(world.joined())
    return world


WORLD = joined_world()
VALID = [
    WORLD.server.down(30, b"command", fcnt=0),
    WORLD.server.down(0, b"\x06\x04\x01", fcnt=0),
    WORLD.server.down(None, b"", b"\x03\x51\x07\x00\x01", fcnt=0),
    WORLD.server.accept,
]


@given(st.binary(max_size=300))
def test_random_bytes_are_never_taken(data):
    before = WORLD.mac.refused

    assert activation.accept_fields(ROOT, data) is None
    assert not WORLD.mac._take(data, -80, 20)
    assert WORLD.mac.refused == before + 1


@given(st.sampled_from(VALID), st.data())
def test_a_changed_frame_is_never_taken(good, data):
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(good) - 1))] ^= data.draw(st.integers(1, 255))
    if bytes(changed) == good:
        return

    assert not WORLD.mac._take(bytes(changed), -80, 20)
    assert activation.accept_fields(Key(aes, APP_KEY), bytes(changed)) is None


@given(st.binary(max_size=60))
def test_splitting_a_stream_loses_nothing_and_stops_at_what_it_does_not_know(stream):
    found = commands.split(stream)

    joined = b"".join(bytes([cid]) + fields for cid, fields in found)
    assert stream.startswith(joined)


INDEX = st.integers(3, 15).map(lambda at: bytes([at]))
CHANNEL = st.sampled_from((b"\x18\x4f\x84\x50", b"\x18\x4f\x84\x66", b"\0\0\0\x50"))
COMMAND = st.one_of(
    st.tuples(st.just(0x03), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(0x04), st.binary(min_size=1, max_size=1)),
    st.tuples(st.just(0x05), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(0x06), st.just(b"")),
    st.tuples(st.just(0x07), st.binary(min_size=5, max_size=5)),
    st.tuples(st.just(0x07), st.tuples(INDEX, CHANNEL).map(b"".join)),
    st.tuples(st.just(0x08), st.binary(min_size=1, max_size=1)),
    st.tuples(st.just(0x0A), st.binary(min_size=4, max_size=4)),
    st.tuples(st.just(0x0D), st.binary(min_size=5, max_size=5)),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(COMMAND, max_size=40))
def test_whatever_the_network_sets_the_device_can_still_send_and_restart(sequence):
    world = World()
    world.run(world.joined())
    mac = world.mac

    commands.apply(mac, b"".join(bytes([cid]) + fields for cid, fields in sequence), 5)
    saved.save(mac.session)

    there = sum(1 << at for at, one in enumerate(mac.plan.channels) if one[0])
    assert mac.plan.mask & ~there == 0
    assert mac.plan.usable(mac.session.dr)
    world.run(mac.send(10, b"x"))
    again = Session(plan.of(eu868), aes, world.store, mac.session.identity)
    assert saved.load(again)
    for name in ("addr", "dr", "power", "repeats", "rx1_offset", "rx2_dr"):
        assert getattr(again, name) == getattr(mac.session, name), name
    for name in ("channels", "mask"):
        assert getattr(again.plan, name) == getattr(mac.plan, name), name


@given(st.binary(min_size=12, max_size=12) | st.binary(min_size=28, max_size=28))
def test_any_join_accept_a_server_could_sign_gives_a_session_that_can_send(fields):
    world = World()
    session = world.mac.session
    activation.begin(session, fields, 1, 5)
    session.set_keys(bytes(16), bytes(16))
    world.mac.joined = True

    sent = world.run(world.mac.send(10, b"x"))

    assert sent.fcnt == 0
