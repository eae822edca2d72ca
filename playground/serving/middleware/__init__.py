"""The middlewares around every request. They are plain ASGI, so that streams pass unchanged."""

from .bypass import DirectSend, direct_send
from .security_headers import secured
from .stack import add_middlewares

__all__ = ["DirectSend", "add_middlewares", "direct_send", "secured"]
