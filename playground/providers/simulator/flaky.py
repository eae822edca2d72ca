"""The rule by which the model `flaky` fails. It is deterministic, so that tests know what to expect.

Prompt and seed are hashed, and the remainder by 3 determines the first attempt:

    0   it succeeds
    1   it fails with 503
    2   it fails with 429, and `Retry-After: 1`

The attempt after a failure succeeds, and then the failure is forgotten: the same prompt sent again fails again. Attempts of different
clients can't be distinguished: of equal lanes at the same time, one may get the success that another one waits for.

"""

from collections import OrderedDict
from hashlib import sha256

import msgspec

from .errors import overloaded, rate_limited
from .requests import ChatCall

_REMEMBERED = 1024
_RETRY_AFTER_SECONDS = 1


class FailedAttempts:
    """The prompts that have failed and will be answered next. Keeps the newest 1,024, 32 bytes each."""

    def __init__(self) -> None:
        self._owed: OrderedDict[bytes, None] = OrderedDict()

    def attempt(self, call: ChatCall) -> None:
        """Count one attempt at that call. Raises `ApiError` if it fails."""
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
