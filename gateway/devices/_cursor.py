"""Reading a frame from its begin to its end, for products whose fields depend on others."""

import struct

from gateway.errors import Lost


class Cursor:
    """Reads the bytes of a frame from its begin to its end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self._data) - self._at

    def take(self, layout: str) -> int:
        """The next integer, in a format of the module struct. Raises Lost where it ends before."""
        found: int = struct.unpack(layout, self.bytes(struct.calcsize(layout)))[0]
        return found

    def bytes(self, size: int) -> bytes:
        """The next bytes. Raises Lost where the frame has fewer."""
        if self.left < size:
            raise Lost(f"the frame ends at byte {len(self._data)}, within a field")
        self._at += size
        return self._data[self._at - size : self._at]
