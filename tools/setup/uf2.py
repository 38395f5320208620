"""UF2, the file that a Pico takes by drag and drop, to and from the image of its flash."""

import struct

from tools.setup.progress import SetupError

FAMILY_RP2040 = 0xE48BFF56
FLASH_START = 0x1000_0000
FLASH_MOST = 16 << 20
MAGIC = (0x0A324655, 0x9E5D5157)
MAGIC_END = 0x0AB16F30
BLOCK = struct.Struct("<8I476sI")
"""Source: the UF2 specification (512-byte blocks); family and window of the RP2040 datasheet."""


def uf2(image: bytes) -> bytes:
    """A UF2 file for the RP2040 from a flash image that starts at the start of flash."""
    image += b"\0" * (-len(image) % 256)
    count = len(image) // 256
    blocks = (
        BLOCK.pack(
            *MAGIC, 0x2000, FLASH_START + 256 * block, 256, block, count,
            FAMILY_RP2040, image[256 * block : 256 * block + 256], MAGIC_END,
        )
        for block in range(count)
    )  # fmt: skip
    return b"".join(blocks)


def flash_image(data: bytes) -> bytes:
    """The flash image in a UF2 file. Raises SetupError when it is none for the RP2040."""
    image = bytearray()
    for offset in range(0, len(data) - 511, 512):
        magic, magic2, _, address, size, *_, family, payload, _ = BLOCK.unpack_from(data, offset)
        if (magic, magic2, family) != (*MAGIC, FAMILY_RP2040) or size > 476:
            raise SetupError("MICROPYTHON_UF2 is no UF2 file for the RP2040 (board RPI_PICO).")
        start = address - FLASH_START
        if not 0 <= start < FLASH_MOST:
            raise SetupError("MICROPYTHON_UF2 does not load into the flash of an RP2040.")
        image.extend(b"\xff" * (start + size - len(image)))
        image[start : start + size] = payload[:size]
    if not image:
        raise SetupError("MICROPYTHON_UF2 is empty or no UF2 file.")
    return bytes(image)
