"""How many tokens an image takes: an estimate by the rule that each vendor publishes, from the image's size.

    Anthropic   scale down to an edge and a number of tokens, then width x height / 750
                docs.anthropic.com, Vision, "Calculate image costs"; Opus 4.7 and later have larger limits
    Google      258 up to 384 x 384 pixels, else 258 for each crop of about two thirds of the shorter side, of at most 3,072 pixels
                ai.google.dev, Image understanding, "Token calculation"
    OpenAI      tiles: scale into 2048 x 2048, then the shorter side to 768; a base, and so many for each tile of 512 x 512
                patches: 32 x 32 pixels each, at most 1,536, times a factor
                platform.openai.com, Images and vision, "Calculating costs", and the calculator of its price list
    Mistral     28 x 28 pixels a token up to an edge of 1,540, and one for the end of each row; Pixtral: 16 x 16 up to 1,024
                mistral-common, Images

A model of another vendor is estimated by OpenAI's rule for GPT-4o, since most publish none.
"""

import re
from collections.abc import Callable
from math import ceil, floor, sqrt

from .image_sizes import ImageSize

_Rule = Callable[[ImageSize], int]


def _tiles(base: int, per_tile: int) -> _Rule:
    def count(size: ImageSize) -> int:
        width, height = _within(size, 2_048)
        scale = min(1.0, 768 / min(width, height))
        return base + per_tile * ceil(_whole(width * scale) / 512) * ceil(_whole(height * scale) / 512)

    return count


def _patches(factor: float) -> _Rule:
    most = 1_536

    def count(size: ImageSize) -> int:
        columns, rows = ceil(size.width / 32), ceil(size.height / 32)
        if columns * rows > most:
            scale = sqrt(most * 32 * 32 / (size.width * size.height))
            columns, rows = ceil(size.width * scale / 32), ceil(size.height * scale / 32)
        return ceil(min(columns * rows, most) * factor)

    return count


def _area(longest_edge: int, most: int) -> _Rule:
    def count(size: ImageSize) -> int:
        width, height = _within(size, longest_edge)
        return max(1, min(most, ceil(width * height / 750)))

    return count


def _crops(size: ImageSize) -> int:
    if size.width <= 384 and size.height <= 384:
        return 258
    width, height = _within(size, 3_072)
    unit = max(256, min(768, floor(min(width, height) / 1.5)))
    return 258 * ceil(width / unit) * ceil(height / unit)


def _rows(pixels: int, longest_edge: int) -> _Rule:
    def count(size: ImageSize) -> int:
        width, height = _within(size, longest_edge)
        columns, rows = ceil(width / pixels), ceil(height / pixels)
        return (columns + 1) * rows

    return count


_OTHERS = _tiles(85, 170)
_RULES: tuple[tuple[re.Pattern[str], _Rule], ...] = tuple(
    (re.compile(pattern), rule)
    for pattern, rule in (
        (r"claude-opus-(4-[7-9]|4\.[7-9]|[5-9])", _area(2_576, 4_784)),
        (r"claude", _area(1_568, 1_600)),
        (r"gemini|gemma", _crops),
        (r"gpt-4\.1-mini", _patches(1.62)),
        (r"gpt-4\.1-nano", _patches(2.46)),
        (r"o4-mini", _patches(1.72)),
        (r"gpt-5[.\d]*-mini", _patches(1.2)),
        (r"gpt-5[.\d]*-nano", _patches(1.5)),
        (r"gpt-5", _tiles(70, 140)),
        (r"gpt-4o-mini", _tiles(2_833, 5_667)),
        (r"^o[13]", _tiles(75, 150)),
        (r"pixtral", _rows(16, 1_024)),
        (r"mistral|ministral|magistral", _rows(28, 1_540)),
    )
)
"""The first whose pattern is in the last part of the model's name."""


def image_tokens(size: ImageSize, model: str) -> int:
    """Return the estimated tokens of an image for a model, by the provider's name of it."""
    name = model.rpartition("/")[2].lower()
    rule = next((rule for pattern, rule in _RULES if pattern.search(name)), _OTHERS)
    return rule(size)


def _within(size: ImageSize, edge: int) -> tuple[float, float]:
    scale = min(1.0, edge / max(size))
    return max(1.0, size.width * scale), max(1.0, size.height * scale)


def _whole(length: float) -> float:
    """A length without the error of its floating point: 768.0000001 pixels are 768."""
    return round(length, 6)
