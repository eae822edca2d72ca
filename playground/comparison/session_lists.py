"""The SQL of lists of sessions: without their texts, which may be megabytes."""

from dataclasses import dataclass
from datetime import datetime

from .search import MATCHES, WANTED
from .stored_sessions import ALIVE


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """Which of a user's sessions are wanted; `None` does not narrow."""

    text: str | None = None
    """Its words stand in the title or in one prompt, in any case of letters; what is between quotation marks stands there as it is."""
    model: str | None = None
    status: str | None = None
    """Some answer has it."""
    since: datetime | None = None
    until: datetime | None = None
    tags: tuple[str, ...] = ()
    """It has all of them."""
    favourite: bool | None = None
    deleted: bool = False
    """Those in the trash, in place of the others."""


_PAGE = """
SELECT s.id, s.title, s.tags, s.favourite, s.created_at, s.updated_at, s.expires_at, s.deleted_at
FROM sessions s
WHERE s.user_id = $1 AND {alive} <> $11::boolean
  AND ($2::text IS NULL OR s.id < $2)
  AND ({matches})
  AND ($4::text IS NULL OR EXISTS (SELECT FROM lanes l WHERE l.session_id = s.id
        AND (l.model = $4 OR EXISTS (SELECT FROM answers a WHERE a.lane_id = l.id AND a.model = $4))))
  AND ($5::text IS NULL OR EXISTS (
        SELECT FROM answers a JOIN turns t ON t.id = a.turn_id WHERE t.session_id = s.id AND a.status::text = $5))
  AND ($6::timestamptz IS NULL OR s.created_at >= $6::timestamptz)
  AND ($7::timestamptz IS NULL OR s.created_at < $7::timestamptz)
  AND s.tags @> $9::text[]
  AND ($10::boolean IS NULL OR s.favourite = $10::boolean)
ORDER BY s.id DESC
LIMIT $8::int
"""
LIST = _PAGE.format(alive=ALIVE, matches="$3::text[] IS NOT NULL")
SEARCH = WANTED + _PAGE.format(alive=ALIVE, matches=MATCHES)

SUMMARIES = """
SELECT l.session_id, l.position AS lane, l.model, l.provider, l.simulated, coalesce(max(t.number), 0) AS turns, count(a.id)::int AS answers,
       (array_agg(a.status::text ORDER BY t.number DESC, a.version DESC))[1] AS status,
       coalesce(sum(coalesce(a.input_tokens, 0) + coalesce(a.output_tokens, 0)) FILTER (WHERE a.copied_from IS NULL), 0)::bigint AS tokens,
       sum(a.cost) FILTER (WHERE NOT a.simulated AND a.copied_from IS NULL) AS cost,
       sum(a.cost) FILTER (WHERE a.simulated AND a.copied_from IS NULL) AS simulated_cost,
       (count(a.id) FILTER (WHERE a.cost IS NULL AND a.status <> 'running' AND a.copied_from IS NULL))::int AS unknown_costs
FROM lanes l LEFT JOIN answers a ON a.lane_id = l.id LEFT JOIN turns t ON t.id = a.turn_id
WHERE l.session_id = ANY($1::text[])
GROUP BY l.session_id, l.id
ORDER BY l.session_id, l.sort_order, l.position
"""

# Without the texts, which may be megabytes.
FIGURES = """
SELECT t.session_id, t.number AS turn, l.position AS lane, a.version, a.model, a.provider, a.simulated, a.status::text AS status,
       a.input_tokens, a.output_tokens, a.estimated, a.cost, a.own_key, a.time_to_first_token, a.response_time,
       a.tokens_per_second, a.time_to_first_answer, a.total_time, a.created_at
FROM answers a JOIN turns t ON t.id = a.turn_id JOIN lanes l ON l.id = a.lane_id
WHERE t.session_id = ANY($1::text[])
ORDER BY t.session_id DESC, t.number DESC, l.position DESC, a.version DESC
LIMIT $2::int
"""
