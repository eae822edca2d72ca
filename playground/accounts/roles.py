"""What an account may do besides using the service for itself."""

from typing import Literal

Role = Literal["user", "premium", "admin"]
