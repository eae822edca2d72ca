"""Encryption of users' keys for providers, which the service must be able to read again."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32
_PURPOSE = "playground provider key"


class SealBroken(Exception):
    """No secret can decrypt the text in this context: its secret is lost, or it was encrypted for another user."""


class Vault:
    """Encrypts texts (Fernet: AES-128-CBC with HMAC-SHA-256). The first secret encrypts; texts of the others can still be decrypted.

    Each text has its own key, which HKDF (RFC 5869) derives from a secret and the text's context: whose it is, and what for. So a
    text that is moved to another context can't be decrypted.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def seal(self, text: str, *context: str | None) -> str:
        """Encrypt `text`. It can only be decrypted with the same context."""
        return self._keys(context)[0].encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str, *context: str | None) -> str:
        """Decrypt a text that was encrypted with this context. Raises `SealBroken`."""
        try:
            return MultiFernet(self._keys(context)).decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise SealBroken from None

    def renewed(self, sealed: str, *context: str | None) -> str | None:
        """Encrypt the text again with the current secret; `None` if it already is. Raises `SealBroken`."""
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
