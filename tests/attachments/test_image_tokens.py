"""Estimated tokens of images, by the vendors' own examples where they give some."""

import pytest

from playground.attachments.image_sizes import ImageSize
from playground.attachments.image_tokens import image_tokens


@pytest.mark.parametrize(
    ("model", "width", "height", "tokens"),
    [
        # OpenAI, "Calculating costs": its own examples.
        ("gpt-4o", 1024, 1024, 765),
        ("gpt-4o", 2048, 4096, 1105),
        ("openai/gpt-4.1", 1024, 1024, 765),
        ("gpt-4o-mini", 1024, 1024, 2833 + 4 * 5667),
        ("gpt-5", 512, 512, 70 + 140),
        ("o3", 512, 512, 75 + 150),
        ("gpt-4.1-mini", 1024, 1024, 1659),
        ("gpt-4.1-mini", 4000, 1474, 2489),
        ("gpt-5-mini", 768, 1024, 922),
        # Anthropic, "Calculate image costs".
        ("claude-sonnet-4-5", 200, 200, 54),
        ("claude-sonnet-4-5", 1000, 1000, 1334),
        ("claude-sonnet-4-5", 6000, 4000, 1600),
        ("anthropic/claude-opus-4.7", 2000, 1000, 2667),
        # Google, "Token calculation".
        ("models/gemini-2.5-flash", 384, 384, 258),
        ("gemini-2.5-flash", 960, 540, 6 * 258),
        # Mistral.
        ("mistral-small-latest", 280, 140, 11 * 5),
        ("pixtral-12b-2409", 1024, 1024, 65 * 64),
        # Of unknown vendors.
        ("some/model", 1024, 1024, 765),
    ],
)
def test_tokens_of_an_image_follow_the_rule_of_the_models_vendor(model: str, width: int, height: int, tokens: int) -> None:
    assert image_tokens(ImageSize(width, height), model) == tokens


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-4.1-nano", "claude-3-opus", "gemini-2.5-pro", "mistral-medium-latest", "pixtral-large", "x"]
)
@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 60_000), (4_294_967_295, 1), (4_294_967_295, 4_294_967_295)])
def test_any_size_has_some_tokens_and_not_endlessly_many(model: str, width: int, height: int) -> None:
    assert 0 < image_tokens(ImageSize(width, height), model) < 10_000
