"""Which names a wildcard stands for."""

import pytest

from playground.catalogue.wildcards import covers


@pytest.mark.parametrize(
    ("pattern", "model", "covered"),
    [
        ("openai/*", "openai/gpt-4o", True),
        ("openai/*", "openai/", True),
        ("openai/*", "azure/openai/gpt-4o", False),
        ("*", "anything/at-all", True),
        ("*/gpt-*", "azure/gpt-4o", True),
        ("*/gpt-*", "azure/o3", False),
        ("a*a", "a", False),
        ("a*b*c", "a-c-b-c", True),
        ("a*b*c", "a-c", False),
        ("m", "m", True),
        ("m", "mm", False),
        ("*" * 150 + "x", "y" * 300, False),
    ],
)
def test_a_star_is_any_text(pattern: str, model: str, covered: bool) -> None:
    assert covers(pattern, model) is covered
