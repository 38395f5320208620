"""An SX1262 whose antenna switch has an input `rxen` for receiving, `txen` for sending, or both.

A GPIO drives each, high while the radio does that, both low otherwise. Where DIO2 drives the one
for sending, RF_SWITCH is "dio2" and PINS has `rxen` alone.
Source: Ebyte E22-900M user manual, 3 (TXEN, RXEN); pSemi PE4259 datasheet, table 5.
"""

from micropython import const

from radios import sx126x
from radios.errors import RadioError

_TX_DONE = const(1)


class Switched(sx126x.SX126X):
    """One radio. rxen, txen: pins, or None where nothing is wired."""

    def __init__(self, rxen, txen, *wires):
        self._rxen = rxen
        self._txen = txen
        super().__init__(*wires)

    def _route(self, receives, sends):
        if self._rxen:
            self._rxen(receives)
        if self._txen:
            self._txen(sends)

    def start(self) -> None:
        """The contract's; it receives noise for its random numbers."""
        self._route(1, 0)
        super().start()

    def _wake(self):
        self._route(0, 0)
        super()._wake()

    def sleep(self) -> None:
        """The contract's."""
        self._route(0, 0)
        super().sleep()

    def _irqs(self, command):
        """The last setting before the radio sends or receives, by which it tells which of them."""
        super()._irqs(command)
        sends = command[2] & _TX_DONE
        self._route(not sends, sends)


def from_board(board, clock) -> sx126x.SX126X:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    from machine import Pin

    if "rxen" not in board.PINS and "txen" not in board.PINS:
        raise RadioError("/board.py: radio sx126x_rxen needs rxen or txen in PINS")
    pins = [board.PINS.get(name) for name in ("rxen", "txen")]
    rxen, txen = [pin if pin is None else Pin(pin, Pin.OUT, value=0) for pin in pins]
    return sx126x.from_board(board, clock, lambda *wires: Switched(rxen, txen, *wires))
