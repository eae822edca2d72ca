"""The two database writes of every run: each is one SQL statement with its rows as a JSON parameter. The second one is split if the texts
are long.

Every request waits for them, and single statements cost a third of what the query builders of the client and the engine do. Both can
safely be repeated.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from playground.comparison.plan import AnswerRecord, Bill
from playground.comparison.running.timeline import packed
from playground.ledger.charges.charge import charge_rows

from .charged import charges_of
from .rows import TurnRow

_MOST_TEXT = 4 * 1024 * 1024
"""The most characters of answers in one statement, unless a single answer is longer."""

# Foreign keys are checked at the end of the statement, when all rows are there. The row of a run that finds no place (its lanes are busy,
# or were changed since it was planned; its key or its number is taken) is not written: so its answers are refused, and all else with them.
# A repeated attempt finds its lanes claimed by its own run.
OPEN_TURN = """
WITH turn AS (SELECT $1::jsonb AS row),
lane AS (
  SELECT * FROM turn, jsonb_to_recordset(row->'lanes') AS lane(
    lane_id text, position int, provider text, model text, parameters jsonb, simulated boolean, answer_id text, own_key boolean,
    version int, previous_id text, head_id text, omitted_turns int, changes_lane boolean)),
newest AS (SELECT DISTINCT ON (lane_id) * FROM lane ORDER BY lane_id, version DESC),
known AS (SELECT EXISTS (SELECT FROM runs, turn WHERE runs.id = row->>'run_id') AS known),
new_session AS (
  INSERT INTO sessions (id, user_id, title, created_at, updated_at)
  SELECT row->>'session_id', row->>'user_id', row->>'title', (row->>'created_at')::timestamptz, (row->>'created_at')::timestamptz
  FROM turn WHERE (row->>'new_session')::boolean
  ON CONFLICT DO NOTHING),
titled AS (
  UPDATE sessions SET title = row->>'title' FROM turn
  WHERE sessions.id = row->>'session_id' AND NOT (row->>'new_session')::boolean AND sessions.title = ''),
new_lanes AS (
  INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated, head_id, run_id, run_since)
  SELECT lane_id, row->>'session_id', position, position, provider, model, parameters, simulated, answer_id, row->>'run_id', now()
  FROM newest WHERE (row->>'new_session')::boolean
  ON CONFLICT DO NOTHING),
claimed AS (
  UPDATE lanes SET
    run_id = row->>'run_id', run_since = now(), head_id = answer_id,
    provider = CASE WHEN changes_lane THEN newest.provider ELSE lanes.provider END,
    model = CASE WHEN changes_lane THEN newest.model ELSE lanes.model END,
    parameters = CASE WHEN changes_lane THEN newest.parameters ELSE lanes.parameters END,
    simulated = CASE WHEN changes_lane THEN newest.simulated ELSE lanes.simulated END
  FROM newest, known
  WHERE lanes.id = newest.lane_id AND NOT known AND NOT (row->>'new_session')::boolean AND lanes.removed_at IS NULL
    AND (lanes.run_id = row->>'run_id'
         OR ((lanes.run_id IS NULL OR lanes.run_since < now() - interval '1 day')
             AND (newest.head_id = 'head' OR newest.head_id IS NOT DISTINCT FROM lanes.head_id)))
  RETURNING lanes.id),
has_place AS (
  SELECT FROM turn, known
  WHERE known OR (row->>'new_session')::boolean OR row->>'as_next' IS NOT NULL
     OR (SELECT count(*) FROM claimed) = (SELECT count(*) FROM newest)),
new_turn AS (
  INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, replaces_id, created_at)
  SELECT row->>'turn_id', row->>'session_id',
         coalesce((row->>'turn')::int, (SELECT coalesce(max(number), 0) + 1 FROM turns WHERE session_id = row->>'session_id')),
         row->>'prompt', row->>'run_id', row->>'user_id', row->>'replaces_id', (row->>'created_at')::timestamptz
  FROM turn WHERE (row->>'new_turn')::boolean AND EXISTS (SELECT FROM has_place)
  ON CONFLICT DO NOTHING),
new_run AS (
  INSERT INTO runs (id, session_id, turn_id, user_id, idempotency_key, request_hash, created_at)
  SELECT row->>'run_id', row->>'session_id', row->>'turn_id', row->>'user_id', row->>'idempotency_key', row->>'request_hash',
         (row->>'created_at')::timestamptz
  FROM turn WHERE EXISTS (SELECT FROM has_place)
  ON CONFLICT DO NOTHING)
INSERT INTO answers (id, turn_id, lane_id, run_id, version, previous_id, provider, model, parameters, simulated, own_key, omitted_turns,
                     created_at)
SELECT answer_id, row->>'turn_id', lane_id, row->>'run_id', version,
       CASE WHEN previous_id = 'head' THEN (SELECT head_id FROM lanes WHERE id = lane_id) ELSE previous_id END,
       provider, model, parameters, simulated, own_key, omitted_turns, (row->>'created_at')::timestamptz
FROM lane
ON CONFLICT DO NOTHING
"""

# Nothing of the run was sent. Its lanes go back to where they were, unless they were changed since.
WITHDRAW_TURN = """
WITH turn AS (SELECT $1::jsonb AS row),
newest AS (
  SELECT DISTINCT ON (lane_id) *
  FROM turn, jsonb_to_recordset(row->'lanes') AS lane(lane_id text, answer_id text, version int, head_id text)
  ORDER BY lane_id, version DESC),
unclaimed AS (
  UPDATE lanes SET
    run_id = NULL, run_since = NULL, head_id = CASE WHEN lanes.head_id = answer_id THEN newest.head_id ELSE lanes.head_id END
  FROM newest WHERE lanes.id = lane_id AND lanes.run_id = row->>'run_id'),
no_run AS (DELETE FROM runs USING turn WHERE runs.id = row->>'run_id')
DELETE FROM turns USING turn WHERE turns.id = row->>'turn_id' AND (row->>'new_turn')::boolean
"""

_KEEP_ANSWERS = """
UPDATE answers SET
  status = new.status::"AnswerStatus", text = new.text, reasoning = new.reasoning, finish_reason = new.finish_reason,
  error_code = new.error_code, error_message = new.error_message, error_retryable = new.error_retryable,
  input_tokens = new.input_tokens, cached_input_tokens = new.cached_input_tokens, cache_write_tokens = new.cache_write_tokens,
  output_tokens = new.output_tokens, sources = new.sources, attachments = new.attachments,
  reasoning_tokens = new.reasoning_tokens, estimated = new.estimated, cost = new.cost, cost_source = new.cost_source::"CostSource",
  time_to_first_token = new.time_to_first_token, response_time = new.response_time, tokens_per_second = new.tokens_per_second,
  attempts = new.attempts, finished_at = new.finished_at, max_tokens = new.max_tokens,
  time_to_first_answer = new.time_to_first_answer, total_time = new.total_time, timeline = new.timeline,
  fallback_from = new.fallback_from, provider = coalesce(new.provider, answers.provider), model = coalesce(new.model, answers.model),
  simulated = coalesce(new.simulated, answers.simulated), own_key = coalesce(new.own_key, answers.own_key)
FROM closed, jsonb_to_recordset(row->'answers') AS new(
  id text, status text, text text, reasoning text, finish_reason text, error_code text, error_message text, error_retryable boolean,
  input_tokens int, cached_input_tokens int, output_tokens int, reasoning_tokens int, estimated boolean, cost numeric, cost_source text,
  time_to_first_token float8, response_time float8, tokens_per_second float8, attempts int, finished_at timestamptz, max_tokens int,
  time_to_first_answer float8, total_time float8, timeline text, cache_write_tokens int, sources jsonb, attachments jsonb,
  fallback_from text, provider text, model text, simulated boolean, own_key boolean)
WHERE answers.id = new.id
"""

KEEP_ANSWERS = "WITH closed AS (SELECT $1::jsonb AS row)" + _KEEP_ANSWERS
"""Stores a part of the answers of a turn that is not closed yet."""

_CLOSE_TURN = """
WITH closed AS (SELECT $1::jsonb AS row),
closed_run AS (
  UPDATE runs SET finished_at = (row->>'finished_at')::timestamptz FROM closed
  WHERE id = row->>'run_id' AND finished_at IS NULL
  RETURNING id),
closed_turn AS (
  UPDATE turns SET finished_at = (row->>'finished_at')::timestamptz FROM closed
  WHERE id = row->>'turn_id' AND finished_at IS NULL),
freed_lanes AS (
  UPDATE lanes SET run_id = NULL, run_since = NULL FROM closed
  WHERE session_id = row->>'session_id' AND run_id = row->>'run_id'),
touched_session AS (
  UPDATE sessions SET updated_at = (row->>'finished_at')::timestamptz FROM closed WHERE id = row->>'session_id'){also}
"""


def close_turn(also: str = "") -> str:
    """Return the statement that closes a turn. `also` is added to its WITH clause.

    They may read `closed`, whose `row` is the parameter (see `closing_rows`), and `closed_run`, which has a row when it is this
    statement that closes the run, and none when the run was closed before.
    """
    return _CLOSE_TURN.replace("{also}", f",\n{also.strip()}" if also else "") + _KEEP_ANSWERS


def opening_rows(turn: TurnRow, *, as_next: bool) -> str:
    """Return the parameter of `OPEN_TURN`. `as_next`: the turn gets the session's next free number, and no idempotency key."""
    row = {name: getattr(turn, name) for name in TurnRow.__dataclass_fields__ if name != "lanes"}
    if as_next:
        row |= {"as_next": True, "turn": None, "idempotency_key": None, "request_hash": None}
    return msgspec.json.encode(row | {"lanes": _lane_rows(turn)}).decode()


def withdrawn_rows(turn: TurnRow) -> str:
    """The parameter of `WITHDRAW_TURN`."""
    row = {"run_id": turn.run_id, "turn_id": turn.turn_id, "new_turn": turn.new_turn, "lanes": _lane_rows(turn)}
    return msgspec.json.encode(row).decode()


def _lane_rows(turn: TurnRow) -> list[dict[str, Any]]:
    return [
        {
            "lane_id": lane.lane_id,
            "position": lane.position,
            "provider": lane.provider,
            "model": lane.model,
            "parameters": lane.parameters,
            "simulated": lane.simulated,
            "answer_id": lane.answer_id,
            "own_key": lane.own_key,
            "version": lane.version,
            "previous_id": lane.previous_id,
            "head_id": lane.head_id,
            "omitted_turns": lane.omitted_turns,
            "changes_lane": lane.changes_lane,
        }
        for lane in turn.lanes
    ]


def in_parts(answers: Sequence[AnswerRecord]) -> list[list[AnswerRecord]]:
    """Return the answers grouped by statement. The engine needs most of a second per megabyte, so a large statement would take too long."""
    parts: list[list[AnswerRecord]] = [[]]
    room = _MOST_TEXT
    for answer in answers:
        size = len(answer.text) + len(answer.reasoning)
        if parts[-1] and size > room:
            parts.append([])
            room = _MOST_TEXT
        parts[-1].append(answer)
        room -= size
    return parts


def answer_rows(answers: Sequence[AnswerRecord]) -> str:
    """Return the parameter of `KEEP_ANSWERS`."""
    return msgspec.json.encode({"answers": _rows(answers)}).decode()


def _rows(answers: Sequence[AnswerRecord]) -> list[dict[str, Any]]:
    return [{"id": answer.answer_id, **answer_columns(answer), **made_by(answer)} for answer in answers]


def made_by(answer: AnswerRecord) -> dict[str, Any]:
    """Return the columns that another model than the one that was asked first changes."""
    used = answer.fallback
    if used is None:
        return {}
    return {"provider": used.provider, "model": used.model, "simulated": used.simulated, "own_key": used.own_key}


def closing_rows(turn: TurnRow, answers: Sequence[AnswerRecord], last: Sequence[AnswerRecord]) -> str:
    """Return the parameter of `close_turn`: the turn, its usage, and the `last` part of its `answers`.

    The usage is what all its answers used of the server's own accounts, in tokens and US dollars. Simulated and unknown costs are not
    included.
    """
    used = list(_used(turn, answers))
    row = {
        "turn_id": turn.turn_id,
        "session_id": turn.session_id,
        "run_id": turn.run_id,
        "user_id": turn.user_id,
        "created_at": turn.created_at,
        "reserved": turn.reserved,
        "finished_at": max((answer.finished_at for answer in answers), default=turn.created_at),
        "used_tokens": sum(bill.input_tokens + bill.output_tokens for bill, _ in used),
        "used_cost": sum((bill.cost for bill, simulated in used if bill.cost is not None and not simulated), Decimal(0)),
        "answers": _rows(last),
        "charges": charge_rows(charges_of(turn, answers)),
    }
    return msgspec.json.encode(row).decode()


def _used(turn: TurnRow, answers: Sequence[AnswerRecord]) -> Iterator[tuple[Bill, bool]]:
    """Yield the bills that the server's own keys paid, and whether each is simulated."""
    lanes = {lane.answer_id: lane for lane in turn.lanes}
    for answer in answers:
        made_by = answer.fallback or lanes[answer.answer_id]
        if not made_by.own_key:
            yield answer.bill, made_by.simulated


def answer_columns(answer: AnswerRecord) -> dict[str, Any]:
    """Return the results of an answer by column name."""
    bill, times, failure = answer.bill, answer.times, answer.failure
    return {
        "status": answer.status,
        "text": answer.text,
        "reasoning": answer.reasoning,
        "sources": msgspec.to_builtins(answer.sources),
        "attachments": msgspec.to_builtins(answer.attachments),
        "finish_reason": answer.finish_reason,
        "error_code": failure.code if failure else None,
        "error_message": failure.message if failure else None,
        "error_retryable": failure.retryable if failure else None,
        "input_tokens": bill.input_tokens,
        "cached_input_tokens": bill.cached_input_tokens,
        "cache_write_tokens": bill.cache_write_tokens,
        "output_tokens": bill.output_tokens,
        "reasoning_tokens": bill.reasoning_tokens,
        "estimated": bill.estimated,
        "cost": bill.cost,
        "cost_source": bill.cost_source,
        "time_to_first_token": times.first_token if times else None,
        "response_time": times.response if times else None,
        "tokens_per_second": times.tokens_per_second if times else None,
        "attempts": answer.attempts,
        "finished_at": answer.finished_at,
        "max_tokens": answer.max_tokens,
        "time_to_first_answer": times.first_answer if times else None,
        "total_time": times.total if times else None,
        "timeline": None if answer.timeline is None else packed(answer.timeline),
        "fallback_from": None if answer.fallback is None else answer.fallback.fallback_from,
    }
