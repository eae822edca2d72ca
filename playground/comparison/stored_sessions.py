"""Sessions as read from the database: each query returns one column of JSON, built by PostgreSQL, with a limit in bytes.

This costs a sixth of the client's own queries. The limit protects the query engine, which crashes when one result is larger than
512 MB; a session may be larger, so its answers are read in parts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from .schemas import AnswerStatus

PART_BYTES = 2 * 1024 * 1024
"""Bytes of text in one part, unless a single answer is larger. Reading a part takes a few times as much memory."""
PART_ANSWERS = 500
"""The most answers in one part: each takes memory besides its text."""
EARLIER_BYTES = 64 * 1024 * 1024
"""The most bytes of earlier text that the next turn of a session reads, for all lanes together."""

T = TypeVar("T")


class StoredLane(msgspec.Struct, frozen=True):
    """A lane of a session."""

    id: str
    position: int
    provider: str
    model: str
    parameters: dict[str, Any]
    simulated: bool
    status: AnswerStatus | None
    """The status of its newest answer."""


class StoredSession(msgspec.Struct, frozen=True):
    """A session without its turns. The lanes are in order."""

    id: str
    title: str
    created_at: datetime
    updated_at: datetime
    lanes: list[StoredLane]


class StoredTurn(msgspec.Struct, frozen=True):
    """A turn without its answers."""

    id: str
    number: int
    prompt: str
    run_id: str
    created_at: datetime
    finished_at: datetime | None


class StoredAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer, and its turn if this is the first answer of the turn that is read."""

    place: int
    """The position of its session among the requested ones, from 1."""
    number: int
    """The number of its turn."""
    lane: int
    """The lane's position."""
    turn: StoredTurn | None
    open: bool
    """Its turn is still running."""
    columns: dict[str, Any]
    """The answer's row by column name. Fractions are `Decimal`, times are ISO 8601."""


class EarlierAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer of an earlier turn that has text."""

    answer_id: str
    lane_id: str
    size: int
    """Bytes of the answer and its prompt."""


class LastTurn(msgspec.Struct, frozen=True):
    """The newest turn of a session."""

    number: int
    created_at: datetime
    finished_at: datetime | None


class ContinuedSession(msgspec.Struct, frozen=True):
    """What the next turn needs to know about its session."""

    id: str
    title: str
    lanes: list[StoredLane]
    last: LastTurn | None
    earlier: list[EarlierAnswer]
    """By lane, newest first, as many as fit into the lane's share of `EARLIER_BYTES`."""


class Exchange(msgspec.Struct, frozen=True, array_like=True):
    """A prompt, and a lane's answer to it."""

    answer_id: str
    prompt: str
    text: str


def decoded(text: str | None, kind: type[list[T]]) -> list[T]:
    """Return the list that PostgreSQL wrote as JSON; `None` stands for an empty list."""
    if text is None:
        return []
    found: list[T] = msgspec.json.Decoder(kind, float_hook=Decimal).decode(text)
    return found


def parts_of(said: Sequence[EarlierAnswer]) -> Iterator[list[EarlierAnswer]]:
    """Yield groups of answers whose texts are read together."""
    part: list[EarlierAnswer] = []
    size = 0
    for each in said:
        if part and (size + each.size > PART_BYTES or len(part) == PART_ANSWERS):
            yield part
            part, size = [], 0
        part.append(each)
        size += each.size
    if part:
        yield part


_LANES = """(
SELECT coalesce(json_agg(json_build_object('id', l.id, 'position', l.position, 'provider', l.provider, 'model', l.model,
  'parameters', l.parameters, 'simulated', l.simulated, 'status', (
    SELECT a.status FROM answers a JOIN turns t ON t.id = a.turn_id WHERE a.lane_id = l.id ORDER BY t.number DESC LIMIT 1))
  ORDER BY l.position), '[]')
FROM lanes l WHERE l.session_id = s.id)"""

# $1: the user's id, $2: session ids.
SESSIONS = """
SELECT json_agg(json_build_object('id', s.id, 'title', s.title, 'created_at', s.created_at, 'updated_at', s.updated_at,
  'lanes', LANES_OF_SESSION))::text AS found
FROM sessions s WHERE s.user_id = $1 AND s.id = ANY($2::text[])
""".replace("LANES_OF_SESSION", _LANES)

# $1: session ids. $2 to $4: place, turn and lane of the last answer of the previous part. $5: a turn, to read only that one.
# $6, $7: limits in answers and bytes. PostgreSQL knows the sizes of texts without reading them.
ANSWERS = """
WITH following AS (
  SELECT asked.place, t.id AS turn_id, t.number, l.position, a.id AS answer_id,
         octet_length(t.prompt) + octet_length(a.text) + octet_length(a.reasoning) + octet_length(a.sources::text)
           + octet_length(a.attachments::text) AS size
  FROM unnest($1::text[]) WITH ORDINALITY AS asked(id, place)
  JOIN turns t ON t.session_id = asked.id JOIN answers a ON a.turn_id = t.id JOIN lanes l ON l.id = a.lane_id
  WHERE (asked.place, t.number, l.position) > ($2::bigint, $3::int, $4::int) AND ($5::int IS NULL OR t.number = $5)
  ORDER BY asked.place, t.number, l.position
  LIMIT $6::int),
part AS (
  SELECT *, sum(size) OVER here AS size_so_far, row_number() OVER here AS rank,
         row_number() OVER (PARTITION BY turn_id ORDER BY position) = 1 AND NOT (place = $2 AND number = $3) AS begins_turn
  FROM following WINDOW here AS (ORDER BY place, number, position))
SELECT json_agg(json_build_array(place, part.number, position,
  CASE WHEN begins_turn THEN json_build_object('id', t.id, 'number', t.number, 'prompt', t.prompt, 'run_id', t.run_id,
    'created_at', t.created_at, 'finished_at', t.finished_at) END,
  t.finished_at IS NULL, row_to_json(a)) ORDER BY rank)::text AS found
FROM part JOIN turns t ON t.id = part.turn_id JOIN answers a ON a.id = part.answer_id
WHERE size_so_far <= $7::bigint OR rank = 1
"""

# $1: the user's id, $2: the session's id, $3: bytes for all lanes together.
CONTINUED = """
WITH earlier AS (
  SELECT a.id, a.lane_id, t.number, l.position, octet_length(t.prompt) + octet_length(a.text) AS size,
         sum(octet_length(t.prompt) + octet_length(a.text)) OVER (PARTITION BY a.lane_id ORDER BY t.number DESC) AS size_so_far
  FROM turns t JOIN answers a ON a.turn_id = t.id JOIN lanes l ON l.id = a.lane_id
  WHERE t.session_id = $2 AND a.text <> '')
SELECT json_agg(json_build_object('id', s.id, 'title', s.title,
  'lanes', LANES_OF_SESSION,
  'last', (SELECT json_build_object('number', number, 'created_at', created_at, 'finished_at', finished_at)
           FROM turns WHERE session_id = s.id ORDER BY number DESC LIMIT 1),
  'earlier', (SELECT coalesce(json_agg(json_build_array(id, lane_id, size) ORDER BY position, number DESC), '[]')
           FROM earlier WHERE size_so_far <= $3::bigint / (SELECT count(*) FROM lanes WHERE session_id = s.id))))::text AS found
FROM sessions s WHERE s.user_id = $1 AND s.id = $2
""".replace("LANES_OF_SESSION", _LANES)

# $1: answer ids.
EXCHANGES = """
SELECT json_agg(json_build_array(a.id, t.prompt, a.text))::text AS found
FROM answers a JOIN turns t ON t.id = a.turn_id WHERE a.id = ANY($1::text[])
"""
