"""Semtech SX1261: an SX1262 with the amplifier of the lower power, up to 15 dBm."""

from radios import sx126x


class SX1261(sx126x.SX126X):
    """One radio."""

    amplifier = b"\x0a\x0d\1\0\1\x0e\x0e\4\0\1\x0f\x0e\6\0\1"


def from_board(board, clock) -> sx126x.SX126X:
    """The radio as `board` wires it. RadioError when it is described wrongly or is silent."""
    return sx126x.from_board(board, clock, SX1261)
