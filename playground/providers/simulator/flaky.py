"""The rule by which the model `flaky` fails: no chance in it, so that whoever tests against it knows what comes.

Prompt and seed are hashed, and the remainder by 3 decides about the first attempt:

    0   it is answered
    1   it fails with 503
    2   it fails with 429, and `Retry-After: 1`

The attempt after a failure is answered, and then all is forgotten: the same prompt sent once more fails once more. Whose attempt it is
can't be told: of equal lanes that ask at once, one may be given what another is owed.
"""

from collections import OrderedDict
from hashlib import sha256

import msgspec

from .errors import overloaded, rate_limited
from .requests import ChatCall

_REMEMBERED = 1024
_RETRY_AFTER_SECONDS = 1


class FailedAttempts:
    """Which prompts have failed and are owed an answer. Holds the newest 1,024, 32 bytes each."""

    def __init__(self) -> None:
        self._owed: OrderedDict[bytes, None] = OrderedDict()

    def attempt(self, call: ChatCall) -> None:
        """One attempt at that call. Raises `ApiError` when it fails."""
        digest = sha256(msgspec.json.encode((call.messages, call.seed))).digest()
        remainder = int.from_bytes(digest) % 3
        if remainder == 0:
            return
        if digest in self._owed:
            del self._owed[digest]
            return
        self._owed[digest] = None
        if len(self._owed) > _REMEMBERED:
            self._owed.popitem(last=False)
        raise overloaded() if remainder == 1 else rate_limited(_RETRY_AFTER_SECONDS)
