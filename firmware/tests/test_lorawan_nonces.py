"""DevNonces to the last one, and Join-Accepts that were taken before."""

from lorawan import backoff
from lorawan.crypto import aes
from lorawan.mac import Mac, MacError
from lorawan.region import eu868
from tests.fake_network import World
from tests.test_lorawan_saved import Unchanged

HERE = __file__.rsplit("/", 1)[0]


def next_nonce(world, nonce):
    used = backoff.Backoff(world.store)
    used.dev_nonce = nonce
    used.save()
    world.start()


def replayed(world, accept):
    """Does the device refuse an accept that is sent again?"""
    world.server.replays = accept
    world.server.answers_join = False
    before = world.mac.refused
    joined = world.run(world.mac.join())
    world.server.replays = None
    world.server.answers_join = True
    return not joined and world.mac.refused == before + 1


def accepts(world, count):
    """The Join-Accepts of so many joins."""
    found = []
    for _ in range(count):
        assert world.run(world.mac.join())
        found.append(world.server.accept)
    return found


def test_dev_nonce_65535_is_used_and_then_it_ends_also_after_a_restart():
    world = World()
    next_nonce(world, 65535)

    assert world.run(world.mac.join())
    assert world.server.nonces == [65535]
    world.run(world.mac.send(10, b"x", True))  # what the attempts used up is saved after it too
    for _ in range(2):
        try:
            world.run(world.mac.join())
            raise AssertionError
        except MacError as error:
            assert "JoinEUI" in str(error)
        world.start()
        assert world.mac.joined
    assert world.server.nonces == [65535]


def test_an_older_join_accept_is_refused_also_after_a_restart():
    world = World()
    taken = accepts(world, 8)

    for accept in taken:
        assert replayed(world, accept)
    world.start()
    for accept in taken:
        assert replayed(world, accept)
    assert world.run(world.mac.join())


def test_join_nonces_need_not_grow():
    world = World()
    for nonce in (70000, 3, 16000000, 2):
        world.server.join_nonce = nonce
        assert world.run(world.mac.join())


def test_a_network_server_that_starts_its_join_nonces_again_is_joined_soon():
    world = World()
    accepts(world, 40)
    world.server.join_nonce = 0

    assert world.run(world.mac.join())


def test_join_nonces_of_another_app_key_do_not_count():
    world = World()
    accepts(world, 3)
    world.server.join_nonce = 0
    world.server.root = type(world.server.root)(aes, bytes(16))
    device = world.mac._identity[0], world.mac._identity[1], bytes(16)
    world.mac = Mac(world.radio, world.clock, world.random, aes, world.store, eu868, *device)
    fields = bytes((1, 0, 0))

    joining = world.mac._attempts()

    assert not joining.used.is_known(*joining._nonce(fields))


def test_nonces_of_the_first_layout_open_and_the_last_join_accept_stays_refused():
    for folder in ("bin", "lamp", "counter"):
        store = Unchanged(HERE + "/data/legacy/" + folder)
        assert len(store.load("join")) == 16

        used = backoff.Backoff(store)

        assert (used.dev_nonce, used.attempts, used.spent_ms) == (1, 0, 0)
        assert used.is_known(used.join_nonce, b"mark")
        used.accept(used.join_nonce + 1, b"next")
        used.save()
        again = backoff.Backoff(store)
        assert (again.dev_nonce, again.join_nonce) == (1, used.join_nonce)
        assert again.is_known(-1, b"next")
        assert not again.is_known(-1, b"mark")


def test_what_attempts_used_up_is_small_on_flash():
    world = World()
    accepts(world, 20)

    assert len(world.store.blobs["join"]) == 49
