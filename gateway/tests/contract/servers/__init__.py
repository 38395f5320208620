"""What the contract suite needs of each network server: `<kind>.py` runs the server of one kind.

It holds `serving(folder)`, an async context manager that gives an object with `network()` (a new
Network for this server), `give(*counters)` (uplinks with these frame counters arrive),
`begun(network)` (wait until it is connected) and `lose(network)` (its connection breaks). Where it
keeps devices, `fports(dev_eui)` gives the FPorts of what waits for one.
"""

from gateway.model import Device

LAMP = Device("70b3d57ed00000a1", "lamp under test", "lamp", "70b3d57ed0000000", "C")
