"""`cryptolib.aes` of MicroPython for CPython, where tests and the bench run. No board has it."""

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_CBC = 2


class aes:  # noqa: N801
    """The calls of `cryptolib.aes`."""

    def __init__(self, key: bytes, mode: int, iv: bytes = b""):
        how = modes.CBC(iv) if mode == _CBC else modes.ECB()
        self._encryptor = Cipher(algorithms.AES(key), how).encryptor()

    def encrypt(self, data) -> bytes:
        """Encrypt whole blocks; CBC goes on from the call before."""
        return self._encryptor.update(bytes(data))
