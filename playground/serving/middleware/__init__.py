"""What happens around every request. Plain ASGI, so that streams pass untouched."""

from .bypass import DirectSend, direct_send
from .security_headers import secured
from .stack import add_middlewares

__all__ = ["DirectSend", "add_middlewares", "direct_send", "secured"]
