"""Sessions over upgrades and regions: files of the first layout, masks of any length."""

from lorawan import saved
from lorawan.crypto import aes
from lorawan.mac import Mac
from lorawan.region import eu868
from node.store import Store
from tests.fake_network import DEV_EUI, World
from tests.other_regions import US915

HERE = __file__.rsplit("/", 1)[0]
JOIN_EUI = bytes.fromhex("70b3d57ed0000000")
APP_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
DEVICES = (("bin", 1, "001332a1"), ("lamp", 2, "00bb3b93"), ("counter", 3, "014d4748"))
"""Folder of data/legacy, last digit of the DevEUI, DevAddr that the node reported then."""
CHANNELS = [
    [mhz * 100000, mhz * 100000, 0x50] for mhz in (8681, 8683, 8685, 8671, 8673, 8675, 8677, 8679)
]


class Unchanged:
    """Saved files that are read, and written to memory only."""

    def __init__(self, folder):
        self._files = Store(folder)
        self.blobs = {}

    def load(self, name):
        return self.blobs.get(name) or self._files.load(name)

    def save(self, name, data):
        self.blobs[name] = data


def started(store, number, region=eu868):
    world = World()
    dev_eui = bytes.fromhex("70b3d57ed000000%d" % number)
    keys = dev_eui, JOIN_EUI, APP_KEY
    return Mac(world.radio, world.clock, world.random, aes, store, region, *keys)


def parameters(mac):
    session = mac.session
    plan = mac.plan
    return {
        "addr": mac.dev_addr,
        "keys": (session.nwk.key, session.app.key),
        "windows": (session.rx1_offset, session.rx2_dr, session.rx_delay_s, session.rx2_freq),
        "uplink": (session.dr, session.power, session.repeats, session.duty),
        "channels": (plan.channels, plan.mask, plan.eirp_dbm, plan.dwell),
        "counters": (session.fcnt_up, session.fcnt_down, session.tag),
    }


def test_a_session_of_the_first_layout_opens_with_nothing_lost():
    for folder, number, addr in DEVICES:
        store = Unchanged(HERE + "/data/legacy/" + folder)

        mac = started(store, number)

        assert mac.joined
        found = parameters(mac)
        keys = found.pop("keys")
        assert found == {
            "addr": bytes.fromhex(addr),
            "windows": (0, 0, 1, 869525000),
            "uplink": (5, 0, 1, 0),
            "channels": (CHANNELS, 0xFF, 16, 0),
            "counters": (32, 1, 0),
        }
        assert keys[0].hex() == "7e59379b5233969d25a5ad2ce335cb3e"
        assert keys[1].hex() == "1fb0c23bd209ac911ee3ab8a2d85ebcd"
        assert mac._attempts().used.dev_nonce == 1


def test_a_session_of_the_first_layout_is_the_same_after_it_is_saved_again():
    for folder, number, _ in DEVICES:
        store = Unchanged(HERE + "/data/legacy/" + folder)
        mac = started(store, number)

        saved.save(mac.session)

        assert parameters(started(store, number)) == parameters(mac)


def test_a_session_of_the_first_layout_is_that_of_the_region_there_was():
    assert not started(Unchanged(HERE + "/data/legacy/bin"), 1, US915).joined


def test_all_that_the_network_set_survives_a_restart():
    world = World()
    world.run(world.joined())
    session = world.mac.session
    plan = world.mac.plan
    session.duty = 9
    session.power = 3
    plan.channels += [[867100000, 869525000, 0x53]] * 20
    plan.mask = 0x5A5A5A
    saved.save(session)
    before = parameters(world.mac)

    world.start()

    assert world.mac.joined
    assert parameters(world.mac) == before


def test_a_mask_of_72_bits_survives_a_restart():
    world = World(US915)
    world.mac.plan.mask = 0x8000000000000000FF
    session = world.mac.session
    session.addr = bytes(4)
    session.tag = session.dr = session.power = session.repeats = session.duty = 0
    session.rx1_offset = session.rx2_dr = session.rx2_freq = session.rx_delay_s = 0
    session.set_keys(bytes(16), bytes(16))
    saved.save(session)

    world.start()

    assert world.mac.joined
    assert world.mac.plan.mask == 0x8000000000000000FF


def test_a_session_of_another_region_is_not_used():
    world = World()
    world.run(world.joined())

    world.region = US915
    world.start()

    assert not world.mac.joined
    assert world.mac.plan.usable(0) == list(range(64))


def test_the_session_belongs_to_the_identity():
    world = World()
    world.run(world.joined())
    stored = world.store.blobs["session"]

    assert stored[:4] != bytes(4)
    assert DEV_EUI not in stored
