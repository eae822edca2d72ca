"""A charge, and the rows of those of one run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, get_args

Source = Literal["playground", "chat", "v1", "batch", "judge", "merge", "title"]
"""What asked the model: a comparison, a plain chat, the OpenAI-compatible API, ..."""
SOURCES: tuple[Source, ...] = get_args(Source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one call used and cost. Its fields are the columns of `charges` in `schema.prisma`, which describes them."""

    id: str
    at: datetime
    finished_at: datetime | None
    user_id: str
    tenant_id: str | None = None
    api_key_id: str | None
    session_id: str
    run_id: str
    answer_id: str
    tags: tuple[str, ...] = ()
    source: Source
    provider: str
    model: str
    attempt: int
    is_answer: bool
    status: str
    error_code: str | None
    finish_reason: str | None
    empty: bool
    input_tokens: int
    cached_input_tokens: int | None
    cache_write_tokens: int | None
    output_tokens: int
    reasoning_tokens: int | None
    estimated: bool
    simulated: bool
    own_key: bool
    cost: Decimal | None
    cost_source: str | None
    prices: Mapping[str, Any] | None
    time_to_first_token: float | None
    time_to_first_answer: float | None
    response_time: float | None
    tokens_per_second: float | None


def charge_rows(charges: Sequence[Charge]) -> list[dict[str, Any]]:
    """Return the rows of all charges of one run, for `KEEP_CHARGES`.

    The first charge of the run, of each of its providers and of each of its models is marked, so that requests are counted by adding up.
    """
    seen: set[tuple[str, ...]] = set()

    def is_first(*subject: str) -> bool:
        new = subject not in seen
        seen.add(subject)
        return new

    return [
        {name: getattr(charge, name) for name in Charge.__dataclass_fields__}
        | {
            "first_of_run": is_first("run"),
            "first_of_provider": is_first("provider", charge.provider),
            "first_of_model": is_first("model", charge.model),
        }
        for charge in charges
    ]
