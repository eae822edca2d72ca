"""The roles of accounts."""

from typing import Literal

Role = Literal["user", "premium", "admin"]
