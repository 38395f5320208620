"""What a lamp writes to flash: when, and again where it could not be written."""

import struct

from tests.test_node_profiles import Node, make

# isort: split
from node.metering import Meter


def test_what_a_lamp_learned_waits_where_the_flash_is_full():
    one = make("lamp")
    one.photocell.gain = 100
    keep = one.node.store._write

    def full(_name, _data):
        raise OSError(28)

    one.node.store._write = full
    one.save()
    assert make("lamp", one.node.path).photocell.gain is None
    one.node.store._write = keep
    one.save()

    assert make("lamp", one.node.path).photocell.gain == 100


def test_energy_is_written_each_ten_watt_hours_alone():
    node = Node("lamp")
    meter = Meter(node)
    writes = []
    node.store.save = lambda name, data: writes.append(data)
    for watt_hours in range(31):
        meter.judge({}, {"energy": 1000 * watt_hours, "power": 0, "mains": 230000})
        meter.save()
    assert writes == [struct.pack("<I", each) for each in (10, 20, 30)]
