"""The SQL of changes to sessions. Each is one statement, which may be repeated without harm."""

from playground.comparison.stored_sessions import ALIVE

# $1: whose, $2: the session as JSON. Lanes have their numbers in their order.
CREATE = """
WITH given AS (SELECT $2::jsonb AS row),
new_session AS (
  INSERT INTO sessions (id, user_id, title, tags, metadata, parameters, expires_at, created_at, updated_at)
  SELECT row->>'id', $1, row->>'title', ARRAY(SELECT jsonb_array_elements_text(row->'tags')), row->'metadata', row->'parameters',
         (row->>'expires_at')::timestamptz, now(), now()
  FROM given
  ON CONFLICT DO NOTHING)
INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated)
SELECT id, row->>'id', place - 1, place - 1, provider, model, parameters, simulated
FROM given, ROWS FROM (jsonb_to_recordset(row->'lanes') AS (id text, provider text, model text, parameters jsonb, simulated boolean))
  WITH ORDINALITY AS lane(id, provider, model, parameters, simulated, place)
ON CONFLICT DO NOTHING
"""

# $1: whose, $2: its id, $3: what changes, by column. A member that is null is set to null.
CHANGE = """
UPDATE sessions s SET
  title = CASE WHEN $3::jsonb ? 'title' THEN $3::jsonb->>'title' ELSE title END,
  tags = CASE WHEN $3::jsonb ? 'tags' THEN ARRAY(SELECT jsonb_array_elements_text($3::jsonb->'tags')) ELSE tags END,
  favourite = CASE WHEN $3::jsonb ? 'favourite' THEN ($3::jsonb->>'favourite')::boolean ELSE favourite END,
  metadata = CASE WHEN $3::jsonb ? 'metadata' THEN $3::jsonb->'metadata' ELSE metadata END,
  parameters = CASE WHEN $3::jsonb ? 'parameters' THEN $3::jsonb->'parameters' ELSE parameters END,
  expires_at = CASE WHEN $3::jsonb ? 'expires_at' THEN ($3::jsonb->>'expires_at')::timestamptz ELSE expires_at END,
  updated_at = now()
WHERE s.user_id = $1 AND s.id = $2 AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: whose, $2: the session, $3: how many lanes it may have, $4: the lane as JSON. The number is the next that was never used.
ADD_LANE = """
WITH session AS (SELECT s.id FROM sessions s WHERE s.user_id = $1 AND s.id = $2 AND ALIVE FOR UPDATE)
INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated, head_id)
SELECT $4::jsonb->>'id', session.id, coalesce(max(l.position) + 1, 0), coalesce(max(l.sort_order) + 1, 0),
       $4::jsonb->>'provider', $4::jsonb->>'model', $4::jsonb->'parameters', ($4::jsonb->>'simulated')::boolean, $4::jsonb->>'head_id'
FROM session LEFT JOIN lanes l ON l.session_id = session.id
GROUP BY session.id
HAVING count(*) FILTER (WHERE l.removed_at IS NULL AND l.id IS NOT NULL) < $3::int
ON CONFLICT DO NOTHING
""".replace("ALIVE", ALIVE)

# $1: the session, $2: the lane's number, $3: what changes as JSON, or null: it is removed.
CHANGE_LANE = """
UPDATE lanes SET
  provider = coalesce($3::jsonb->>'provider', provider), model = coalesce($3::jsonb->>'model', model),
  parameters = coalesce($3::jsonb->'parameters', parameters), simulated = coalesce(($3::jsonb->>'simulated')::boolean, simulated),
  removed_at = CASE WHEN $3::jsonb IS NULL THEN now() END
WHERE session_id = $1 AND position = $2::int AND removed_at IS NULL AND run_id IS NULL
"""

# $1: the session, $2: the numbers of its lanes from the left.
ORDER_LANES = """
UPDATE lanes SET sort_order = wanted.place
FROM unnest($2::int[]) WITH ORDINALITY AS wanted(position, place)
WHERE lanes.session_id = $1 AND lanes.position = wanted.position
"""

# $1: the session, $2: numbers of lanes, $3: the answer.
MOVE_HEADS = """
UPDATE lanes SET head_id = $3
WHERE session_id = $1 AND position = ANY($2::int[]) AND removed_at IS NULL AND run_id IS NULL
"""

# $1: whose, $2: the session, $3: ids of answers. What they cost and how long they took stays.
DELETE_ANSWERS = """
UPDATE answers a SET
  text = '', reasoning = '', sources = '[]', attachments = '[]', timeline = NULL, error_message = NULL, error_code = NULL,
  error_retryable = NULL, parameters = '{}', deleted_at = now()
FROM turns t JOIN sessions s ON s.id = t.session_id
WHERE a.turn_id = t.id AND s.user_id = $1 AND s.id = $2 AND a.id = ANY($3::text[]) AND a.status <> 'running' AND a.deleted_at IS NULL
  AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: the session, $2: the turn.
DELETE_PROMPT = """
UPDATE turns SET prompt = '', deleted_at = now() WHERE session_id = $1 AND id = $2
"""

# $1: whose, $2: the session, $3: the turn.
ANSWERS_OF_TURN = """
SELECT a.id, a.status::text AS status FROM turns t JOIN sessions s ON s.id = t.session_id LEFT JOIN answers a ON a.turn_id = t.id
WHERE s.user_id = $1 AND s.id = $2 AND t.id = $3 AND t.deleted_at IS NULL AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: whose, $2: the session, $3: the answer.
ANSWER = """
SELECT a.id, a.status::text AS status, a.turn_id, s.title
FROM sessions s JOIN turns t ON t.session_id = s.id JOIN answers a ON a.turn_id = t.id
WHERE s.user_id = $1 AND s.id = $2 AND a.id = $3 AND a.deleted_at IS NULL AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: whose, $2: the session.
LANES = """
SELECT l.id, l.position, l.model, l.parameters, l.run_id, s.parameters AS defaults
FROM sessions s LEFT JOIN lanes l ON l.session_id = s.id AND l.removed_at IS NULL
WHERE s.user_id = $1 AND s.id = $2 AND ALIVE
ORDER BY l.sort_order, l.position
""".replace("ALIVE", ALIVE)

# $1: an answer. The chain that it ends, from the start.
CHAIN = """
WITH RECURSIVE chain AS (
  SELECT a.id, a.turn_id, a.previous_id, a.deleted_at, 1 AS depth FROM answers a WHERE a.id = $1
  UNION ALL
  SELECT a.id, a.turn_id, a.previous_id, a.deleted_at, depth + 1 FROM chain JOIN answers a ON a.id = chain.previous_id)
SELECT id FROM chain WHERE deleted_at IS NULL ORDER BY depth DESC
"""

_COPIED = (
    *("provider", "model", "parameters", "simulated", "fallback_from", "omitted_turns", "status", "text", "reasoning", "sources"),
    *("attachments", "finish_reason", "max_tokens", "error_code", "error_message", "error_retryable", "input_tokens"),
    *("cached_input_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens", "estimated", "cost", "cost_source", "own_key"),
    *("time_to_first_token", "response_time", "tokens_per_second", "time_to_first_answer", "total_time", "timeline", "attempts"),
    *("created_at", "finished_at"),
)

# $1: the fork as JSON: session, user, title, lane, and for each answer of the chain its id, the ids of its copy, and of the copy before.
FORK = """
WITH given AS (SELECT $1::jsonb AS row),
copy AS (
  SELECT * FROM given, jsonb_to_recordset(row->'answers') AS copy(
    number int, answer_id text, copy_id text, turn_id text, run_id text, copied_previous_id text)),
source AS (
  SELECT s.* FROM given, answers a JOIN turns t ON t.id = a.turn_id JOIN sessions s ON s.id = t.session_id
  WHERE a.id = row->>'forked_from'),
new_session AS (
  INSERT INTO sessions (id, user_id, title, tags, metadata, parameters, forked_from, created_at, updated_at)
  SELECT row->>'id', row->>'user_id', row->>'title', tags, metadata, parameters, row->>'forked_from', now(), now() FROM given, source
  ON CONFLICT DO NOTHING),
new_lane AS (
  INSERT INTO lanes (id, session_id, position, sort_order, provider, model, parameters, simulated, head_id)
  SELECT row->>'lane_id', row->>'id', 0, 0, a.provider, a.model, a.parameters, a.simulated, row->>'head_id'
  FROM given, answers a WHERE a.id = row->>'forked_from'
  ON CONFLICT DO NOTHING),
new_turns AS (
  INSERT INTO turns (id, session_id, number, prompt, run_id, user_id, created_at, finished_at)
  SELECT copy.turn_id, row->>'id', copy.number, t.prompt, copy.run_id, row->>'user_id', t.created_at, a.finished_at
  FROM copy JOIN answers a ON a.id = copy.answer_id JOIN turns t ON t.id = a.turn_id
  ON CONFLICT DO NOTHING),
new_runs AS (
  INSERT INTO runs (id, session_id, turn_id, user_id, created_at, finished_at)
  SELECT copy.run_id, row->>'id', copy.turn_id, row->>'user_id', a.created_at, a.finished_at
  FROM copy JOIN answers a ON a.id = copy.answer_id
  ON CONFLICT DO NOTHING)
INSERT INTO answers (id, turn_id, lane_id, run_id, previous_id, copied_from, COPIED)
SELECT copy.copy_id, copy.turn_id, row->>'lane_id', copy.run_id, copy.copied_previous_id, a.id, a.COPIED
FROM copy JOIN answers a ON a.id = copy.answer_id
ON CONFLICT DO NOTHING
""".replace("a.COPIED", ", ".join(f"a.{column}" for column in _COPIED)).replace("COPIED", ", ".join(_COPIED))

# $1: whose, $2: the session.
TO_TRASH = """
UPDATE sessions s SET deleted_at = now() WHERE s.user_id = $1 AND s.id = $2 AND ALIVE
""".replace("ALIVE", ALIVE)

# $1: whose, $2: the session. One that had expired does not expire again.
RESTORE = """
UPDATE sessions s SET deleted_at = NULL, expires_at = CASE WHEN s.expires_at > now() THEN s.expires_at END
WHERE s.user_id = $1 AND s.id = $2 AND NOT ALIVE
""".replace("ALIVE", ALIVE)

# $1: days in the trash.
EMPTY_TRASH = """
DELETE FROM sessions s WHERE NOT ALIVE AND coalesce(s.deleted_at, s.expires_at) < now() - make_interval(days => $1::int)
""".replace("ALIVE", ALIVE)
