"""Encryption of what is kept for users and has to be read again: their keys for providers."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_PURPOSE = "playground provider key"


class SealBroken(Exception):
    """None of the secrets opens it, for this context: it was sealed with a secret that is lost, or for somebody else."""


class Vault:
    """Seals texts (Fernet: AES-128-CBC with HMAC-SHA-256). The first secret seals; what the others sealed can still be opened.

    Each text has a key of its own, which HKDF (RFC 5869) derives from a secret and the text's context: whose it is, and what for. So a
    sealed text that is put beside another context does not open.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def seal(self, text: str, *context: str | None) -> str:
        """`text`, to be opened with the same context alone."""
        return self._keys(context)[0].encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str, *context: str | None) -> str:
        """What was sealed with this context. Raises `SealBroken`."""
        try:
            return MultiFernet(self._keys(context)).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    def renewed(self, sealed: str, *context: str | None) -> str | None:
        """The same text, sealed with the present secret; `None` when it is that already. Raises `SealBroken`."""
        try:
            self._keys(context)[0].decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed, *context), *context)
        return None

    def _keys(self, context: Sequence[str | None]) -> list[Fernet]:
        purpose = json.dumps([_PURPOSE, *context]).encode()
        return [
            Fernet(urlsafe_b64encode(HKDF(SHA256(), _KEY_BYTES, salt=None, info=purpose).derive(secret.encode())))
            for secret in self._secrets
        ]
