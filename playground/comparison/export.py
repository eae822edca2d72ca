"""Sessions as CSV, streamed from the database."""

from collections.abc import AsyncIterator

from playground.kit.csv import BYTE_ORDER_MARK, csv_lines
from playground.kit.wire import money

from .schemas import Answer, SessionDetail, Turn
from .streamed_sessions import Part

_COLUMNS = [
    "session_id",
    "title",
    "turn",
    "prompt",
    "lane",
    "model",
    "provider",
    "simulated",
    "status",
    "text",
    "reasoning",
    "finish_reason",
    "ending",
    "max_tokens",
    "error_code",
    "error_message",
    "input_tokens",
    "output_tokens",
    "estimated",
    "cost_usd",
    "cost_source",
    "time_to_first_token_ms",
    "response_time_ms",
    "tokens_per_second",
    "created_at",
    "finished_at",
    "time_to_first_answer_ms",
    "total_time_ms",
    "attempts",
    "cached_input_tokens",
    "cache_write_tokens",
    "sources",
    "attachments",
    "answer_id",
    "version",
    "current",
    "previous_id",
    "fallback_from",
]


async def as_csv(parts: AsyncIterator[list[Part]], *, for_people: bool) -> AsyncIterator[str]:
    """Yield one line for each answer; durations in ms, amounts in US dollars."""
    yield (BYTE_ORDER_MARK if for_people else "") + csv_lines([_COLUMNS], for_people=for_people)
    session: SessionDetail | None = None
    turn: Turn | None = None
    async for part in parts:
        rows = []
        for each in part:
            if isinstance(each, SessionDetail):
                session = each
            elif isinstance(each, Turn):
                turn = each
            elif session is not None and turn is not None:
                rows.append(_line(session, turn, each))
        yield csv_lines(rows, for_people=for_people)


def _line(session: SessionDetail, turn: Turn, answer: Answer) -> list[object]:
    wire = answer.model_dump()
    return [
        *(session.id, session.title, turn.turn, turn.prompt),
        *(answer.lane, answer.model, answer.provider, str(answer.simulated).lower()),
        *(answer.status, answer.text, answer.reasoning, answer.finish_reason, answer.ending, answer.max_tokens),
        *((answer.error.code, answer.error.message) if answer.error is not None else (None, None)),
        *(answer.input_tokens, answer.output_tokens, str(answer.estimated).lower()),
        *(None if answer.cost is None else money(answer.cost), answer.cost_source),
        *(answer.time_to_first_token, answer.response_time, answer.tokens_per_second),
        *(wire["created_at"], wire["finished_at"]),
        *(answer.time_to_first_answer, answer.total_time, answer.attempts),
        *(answer.cached_input_tokens, answer.cache_write_tokens),
        "\n".join(_words(source.title, source.url) for source in answer.sources),
        "\n".join(_words(part.kind, part.type, part.url) for part in answer.attachments),
        *(answer.id, answer.version, str(answer.current).lower(), answer.previous_id, answer.fallback_from),
    ]


def _words(*words: str | None) -> str:
    return " ".join(word for word in words if word)
