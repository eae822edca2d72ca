"""The metrics of an answer."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from playground.scripts.units import milliseconds, per_second

from .answer import Answer

CLOCK_STEP = max(0.001, time.get_clock_info("perf_counter").resolution * 1000)
"""The smallest difference between two figures, in ms (or tokens/s): the service rounds to three decimals."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. `key` is its name in files, `meaning` explains it in one line."""

    key: str
    title: str
    unit: str
    show: Callable[[float], str]
    meaning: str
    lower_is_better: bool = True
    value: Callable[[Answer], float | None] | None = None
    """`None` for the times between chunks, of which an answer has many."""


METRICS = (
    Metric(
        "timeToFirstToken",
        "Time to first token",
        "ms",
        milliseconds,
        "From the service's request to the first chunk, of thinking or answer.",
        value=lambda answer: answer.time_to_first_token,
    ),
    Metric(
        "timeToFirstAnswer",
        "Time to first answer",
        "ms",
        milliseconds,
        "From the service's request to the first chunk that is not thinking.",
        value=lambda answer: answer.time_to_first_answer,
    ),
    Metric(
        "clientTimeToFirstToken",
        "Time to first token, client side",
        "ms",
        milliseconds,
        "From this client's request to the first chunk read here, including network and retries.",
        value=lambda answer: answer.client_time_to_first_token,
    ),
    Metric(
        "timeBetweenChunks",
        "Time between chunks",
        "ms",
        milliseconds,
        "Between chunks as read here. If one read has several, the first gets all the time.",
    ),
    Metric(
        "timePerToken",
        "Time per token",
        "ms",
        milliseconds,
        "(last - first chunk) / (output tokens - 1), as defined by vLLM and GuideLLM.",
        value=lambda answer: answer.time_per_token,
    ),
    Metric(
        "tokensPerSecond",
        "Tokens per second",
        "tokens/s",
        per_second,
        "1,000 / time per token; empty if all tokens came at once. Higher is better.",
        lower_is_better=False,
        value=lambda answer: answer.tokens_per_second,
    ),
    Metric(
        "responseTime",
        "Response time",
        "ms",
        milliseconds,
        "From the service's last request to the end of the answer.",
        value=lambda answer: answer.response_time,
    ),
    Metric(
        "clientResponseTime",
        "Response time, client side",
        "ms",
        milliseconds,
        "From this client's request to the end read here, including network and retries.",
        value=lambda answer: answer.client_response_time,
    ),
)
