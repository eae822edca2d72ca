"""The output rate of a model."""

SHORTEST_SECONDS = 0.0001
"""Pieces that arrive within less time were one piece, split on the way."""


def tokens_per_second(tokens: int, seconds: float) -> float | None:
    """Return the tokens per second of an answer with `seconds` between its first and last delta, or `None` if that can't be known.

    It is the inverse of the time per output token, (last - first) / (n - 1). The first token is not counted, since it arrives when the
    time starts. Sources: vLLM, `benchmarks/benchmark_serving.py` (TPOT); GuideLLM, `inter_token_latency_ms`.
    """
    if tokens < 2 or seconds < SHORTEST_SECONDS:
        return None
    return round((tokens - 1) / seconds, 3) or None
