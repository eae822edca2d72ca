"""Sessions as read from the database: each query returns one column of JSON, built by PostgreSQL, with a limit in bytes.

This costs a sixth of the client's own queries. The limit protects the query engine, which crashes when one result is larger than
512 MB; a session may be larger, so its answers are read in parts.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

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
    """Of its newest answer."""
    head_id: str | None
    """The answer that its next turn continues."""
    run_id: str | None
    """The run that is writing an answer of it."""
    removed: bool


class StoredSession(msgspec.Struct, frozen=True):
    """A session without what was said in it. Its lanes are in their order from the left."""

    id: str
    title: str
    tags: list[str]
    favourite: bool
    metadata: dict[str, Any]
    parameters: dict[str, Any]
    forked_from: str | None
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    deleted_at: datetime | None
    lanes: list[StoredLane]
    branches: list[str]
    """The answers that are not on the way from their lane's head to the start."""


class StoredTurn(msgspec.Struct, frozen=True):
    """A turn without its answers."""

    id: str
    number: int
    prompt: str
    run_id: str
    replaces_id: str | None
    created_at: datetime
    finished_at: datetime | None
    deleted_at: datetime | None


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
    """It is still being produced."""
    columns: dict[str, Any]
    """The answer's row by column name. Fractions are `Decimal`, times are ISO 8601."""


class EarlierAnswer(msgspec.Struct, frozen=True, array_like=True):
    """An answer of an earlier turn that has text."""

    answer_id: str
    lane_id: str
    size: int
    """Bytes of the answer and its prompt."""


class StartedRun(NamedTuple):
    """A run that was started with an idempotency key."""

    id: str
    session_id: str
    request_hash: str | None
    created_at: datetime
    finished_at: datetime | None


class ContinuedLane(msgspec.Struct, frozen=True):
    """A lane that may take a turn, and what its next answer continues."""

    id: str
    position: int
    provider: str
    model: str
    parameters: dict[str, Any]
    head_id: str | None
    run_id: str | None
    previous_id: str | None
    """The answer that the next one continues."""
    said: int
    """How many answers there are on the way from there to the start that have text."""
    versions: int
    """How many it has given in the turn that was asked for; the newest has this number."""


class EarlierTurn(msgspec.Struct, frozen=True):
    """A turn of which another version is wanted."""

    id: str
    number: int
    prompt: str


class ContinuedSession(msgspec.Struct, frozen=True):
    """What has to be known of a session for its next turn, or for another version of an earlier one."""

    id: str
    title: str
    lanes: list[ContinuedLane]
    last_number: int
    """Of its newest turn; 0: it has none."""
    turn: EarlierTurn | None
    """The turn that was asked for; `None`: none was, or it isn't one of this session, or it was deleted."""
    said: list[EarlierAnswer]
    """By lane, the newest first, as far as its share of `EARLIER_BYTES` reaches."""


class AskedAnswer(msgspec.Struct, frozen=True):
    """An answer of which another version is wanted."""

    id: str
    turn_id: str
    model: str
    parameters: dict[str, Any]


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


def with_floats(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON from a column as its writer meant it: numbers with a fraction are read as `Decimal`, since some are money."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [with_floats(each) for each in value]
    if isinstance(value, dict):
        return {name: with_floats(each) for name, each in value.items()}
    return value


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


ALIVE = "(s.deleted_at IS NULL AND (s.expires_at IS NULL OR s.expires_at > now()))"
"""Of a session `s`: it was not deleted, and has not expired."""

_LANES = """(
SELECT coalesce(json_agg(json_build_object('id', l.id, 'position', l.position, 'provider', l.provider, 'model', l.model,
  'parameters', l.parameters, 'simulated', l.simulated, 'head_id', l.head_id, 'run_id', l.run_id, 'removed', l.removed_at IS NOT NULL,
  'status', (SELECT a.status FROM answers a JOIN turns t ON t.id = a.turn_id WHERE a.lane_id = l.id
             ORDER BY t.number DESC, a.version DESC LIMIT 1))
  ORDER BY l.sort_order, l.position), '[]')
FROM lanes l WHERE l.session_id = s.id)"""

_BRANCHES = """(
WITH RECURSIVE chain AS (
  SELECT l.id AS lane_id, l.head_id AS id FROM lanes l WHERE l.session_id = s.id
  UNION ALL
  SELECT chain.lane_id, a.previous_id FROM chain JOIN answers a ON a.id = chain.id)
SELECT coalesce(json_agg(a.id), '[]') FROM turns t JOIN answers a ON a.turn_id = t.id
WHERE t.session_id = s.id AND NOT EXISTS (SELECT FROM chain WHERE chain.lane_id = a.lane_id AND chain.id = a.id))"""

# $1: whose, $2: their ids.
SESSIONS = (
    """
SELECT json_agg(json_build_object('id', s.id, 'title', s.title, 'tags', s.tags, 'favourite', s.favourite, 'metadata', s.metadata,
  'parameters', s.parameters, 'forked_from', s.forked_from, 'created_at', s.created_at, 'updated_at', s.updated_at,
  'expires_at', s.expires_at, 'deleted_at', s.deleted_at, 'lanes', THE_LANES, 'branches', THE_BRANCHES))::text AS found
FROM sessions s WHERE s.user_id = $1 AND s.id = ANY($2::text[]) AND ALIVE
""".replace("THE_LANES", _LANES)
    .replace("THE_BRANCHES", _BRANCHES)
    .replace("ALIVE", ALIVE)
)

# $1: ids of sessions. $2 to $5: the place, turn, lane and version of the answer after which this part begins. $6: the only run that is
# wanted. $7, $8: how much. The sizes of texts are known without reading them.
ANSWERS = """
WITH following AS (
  SELECT asked.place, t.id AS turn_id, t.number, l.position, a.version, a.id AS answer_id,
         octet_length(t.prompt) + octet_length(a.text) + octet_length(a.reasoning) + octet_length(a.sources::text)
           + octet_length(a.attachments::text) AS size
  FROM unnest($1::text[]) WITH ORDINALITY AS asked(id, place)
  JOIN turns t ON t.session_id = asked.id JOIN answers a ON a.turn_id = t.id JOIN lanes l ON l.id = a.lane_id
  WHERE (asked.place, t.number, l.position, a.version) > ($2::bigint, $3::int, $4::int, $5::int)
    AND ($6::text IS NULL OR a.run_id = $6)
  ORDER BY asked.place, t.number, l.position, a.version
  LIMIT $7::int),
part AS (
  SELECT *, sum(size) OVER here AS size_so_far, row_number() OVER here AS rank,
         row_number() OVER (PARTITION BY turn_id ORDER BY position, version) = 1 AND NOT (place = $2 AND number = $3) AS begins_turn
  FROM following WINDOW here AS (ORDER BY place, number, position, version))
SELECT json_agg(json_build_array(place, part.number, position,
  CASE WHEN begins_turn THEN json_build_object('id', t.id, 'number', t.number, 'prompt', t.prompt, 'run_id', t.run_id,
    'replaces_id', t.replaces_id, 'created_at', t.created_at, 'finished_at', t.finished_at, 'deleted_at', t.deleted_at) END,
  a.status = 'running', row_to_json(a)) ORDER BY rank)::text AS found
FROM part JOIN turns t ON t.id = part.turn_id JOIN answers a ON a.id = part.answer_id
WHERE size_so_far <= $8::bigint OR rank = 1
"""

# $1: whose, $2: its id, $3: bytes for all lanes together, $4: a turn of which another version is wanted.
CONTINUED = """
WITH RECURSIVE lane AS (
  SELECT l.*, turn.versions, CASE WHEN $4::text IS NULL THEN l.head_id ELSE turn.previous_id END AS previous_id
  FROM lanes l LEFT JOIN LATERAL (
    SELECT max(version) AS versions, (array_agg(previous_id ORDER BY version))[1] AS previous_id
    FROM answers WHERE turn_id = $4 AND lane_id = l.id) AS turn ON true
  WHERE l.session_id = $2 AND l.removed_at IS NULL),
chain AS (
  SELECT lane.id AS lane_id, 1 AS depth, lane.previous_id AS id FROM lane
  UNION ALL
  SELECT chain.lane_id, depth + 1, a.previous_id FROM chain JOIN answers a ON a.id = chain.id),
said AS (
  SELECT chain.lane_id, depth, a.id, octet_length(t.prompt) + octet_length(a.text) AS size,
         sum(octet_length(t.prompt) + octet_length(a.text)) OVER (PARTITION BY chain.lane_id ORDER BY depth) AS size_so_far
  FROM chain JOIN answers a ON a.id = chain.id JOIN turns t ON t.id = a.turn_id
  WHERE a.text <> '')
SELECT json_agg(json_build_object('id', s.id, 'title', s.title,
  'lanes', (SELECT coalesce(json_agg(json_build_object('id', id, 'position', position, 'provider', provider, 'model', model,
              'parameters', parameters, 'head_id', head_id, 'run_id', run_id, 'previous_id', previous_id,
              'said', (SELECT count(*) FROM said WHERE said.lane_id = lane.id), 'versions', coalesce(versions, 0))
              ORDER BY sort_order, position), '[]') FROM lane),
  'last_number', (SELECT coalesce(max(number), 0) FROM turns WHERE session_id = s.id),
  'turn', (SELECT json_build_object('id', id, 'number', number, 'prompt', prompt) FROM turns
           WHERE id = $4 AND session_id = s.id AND deleted_at IS NULL),
  'said', (SELECT coalesce(json_agg(json_build_array(id, lane_id, size) ORDER BY lane_id, depth), '[]')
           FROM said WHERE size_so_far <= $3::bigint / greatest((SELECT count(*) FROM lane), 1))))::text AS found
FROM sessions s WHERE s.user_id = $1 AND s.id = $2 AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: whose, $2: the session, $3: the lane's number, $4: the answer; null: the lane's head.
ASKED = """
SELECT json_agg(json_build_object('id', a.id, 'turn_id', a.turn_id, 'model', coalesce(a.fallback_from, a.model),
  'parameters', a.parameters))::text AS found
FROM sessions s JOIN lanes l ON l.session_id = s.id JOIN answers a ON a.lane_id = l.id AND a.id = coalesce($4, l.head_id)
WHERE s.user_id = $1 AND s.id = $2 AND l.position = $3::int AND a.deleted_at IS NULL AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: answer ids.
EXCHANGES = """
SELECT json_agg(json_build_array(a.id, t.prompt, a.text))::text AS found
FROM answers a JOIN turns t ON t.id = a.turn_id WHERE a.id = ANY($1::text[])
"""
