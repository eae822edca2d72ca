"""What happens around every request. Plain ASGI, so that streams pass untouched."""

from .bypass import DirectSend, direct_send
from .security_headers import secured
from .stack import surround

__all__ = ["DirectSend", "direct_send", "secured", "surround"]
