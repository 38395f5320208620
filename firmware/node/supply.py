"""The supply of a sensor that a GPIO switches, where the board has a switch."""


class Switched:
    """A driver whose sensor has power only while it is read.

    bus: what it is wired to, kept as `_bus`.  power: a Pin that enables the supply, high: on;
    None: the sensor has power all the time.
    START_US of the driver's class is the time from power to a sensor that can be read.
    """

    START_US = 0
    most_mm = 1 << 13  # of a ranger: farther echoes are none

    def __init__(self, bus, power=None, **_options):
        self._bus = bus
        self._power = power
        self.sleep()

    async def wake(self, clock) -> None:
        """Give it power and wait until it can be read. The CPU may sleep meanwhile."""
        if self._power:
            self._power.value(1)
            await clock.sleep_until_us(clock.us() + self.START_US)

    def sleep(self) -> None:
        """Take its power away."""
        if self._power:
            self._power.value(0)
