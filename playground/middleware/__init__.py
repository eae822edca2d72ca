"""What happens around every request. Plain ASGI, so that streams pass untouched."""

from .direct import direct_send
from .stack import surround

__all__ = ["direct_send", "surround"]
