"""How fast a model wrote."""

SHORTEST_SECONDS = 0.0001
"""What came within less came at once: its pieces were cut apart on the way."""


def tokens_per_second(tokens: int, seconds: float) -> float | None:
    """The rate of an answer of `tokens` tokens, between whose first and last delta `seconds` passed. `None`: there is no telling.

    It is the inverse of the time per output token, (last - first) / (n - 1): the first token is there when the time begins, so it is not
    counted. Sources: vLLM, `benchmarks/benchmark_serving.py` (TPOT); GuideLLM, `inter_token_latency_ms`.
    """
    if tokens < 2 or seconds < SHORTEST_SECONDS:
        return None
    return round((tokens - 1) / seconds, 3) or None
