"""What may be a limit of a single user."""

import pytest
from pydantic import ValidationError

from playground.limits.policy import LimitOverrides


def test_a_single_user_may_be_allowed_nothing() -> None:
    assert LimitOverrides.model_validate({"streams": "0 per hour"}).streams == "0 per hour"


def test_a_limit_is_a_single_rate() -> None:
    with pytest.raises(ValidationError, match="single rate"):
        LimitOverrides.model_validate({"streams": "5 per minute; 10 per hour"})
