"""The database queries of the export. Columns are listed one by one, so that a new column can't leak a secret."""

from collections.abc import Mapping
from typing import Any

from playground.database.client import REPORT_SECONDS, Database

# Parameters: the account's id, the `position` of the previous row, and the number of rows. Rows are sorted by `position`.
TABLES: Mapping[str, str] = {
    "account": """
SELECT id AS position, id, role::text AS role, active, limits, created_at, updated_at, last_login_at
FROM users WHERE id = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "logins": """
SELECT id AS position, id, created_at, last_used_at, expires_at, revoked_at, address, user_agent
FROM logins WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "password-resets": """
SELECT id AS position, id, created_at, expires_at, used_at
FROM password_resets WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "invitation": """
SELECT id AS position, id, email, role::text AS role, created_at, used_at
FROM invitations WHERE used_by = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "api-keys": """
SELECT id AS position, id, name, prefix, array_to_json(scopes) AS scopes, created_at, expires_at, last_used_at
FROM api_keys WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "provider-keys": """
SELECT provider AS position, provider, base_url, hint, created_at, updated_at
FROM provider_keys WHERE user_id = $1 AND provider > $2 ORDER BY provider LIMIT $3::int""",
    "attachments": """
SELECT a.id AS position, a.id, a.name, a.created_at, c.kind, c.type, c.size, c.hash
FROM attachments a JOIN file_contents c USING (hash) WHERE a.user_id = $1 AND a.id > $2 ORDER BY a.id LIMIT $3::int""",
    "favourite-models": """
SELECT model AS position, model, created_at
FROM favourite_models WHERE user_id = $1 AND model > $2 ORDER BY model LIMIT $3::int""",
    "usage": """
SELECT user_id AS position, day, month, day_requests, month_requests, month_tokens, month_cost, reserved_tokens, reserved_cost
FROM usage WHERE user_id = $1 AND user_id > $2 ORDER BY user_id LIMIT $3::int""",
    "charges": """
SELECT id AS position, id, at, finished_at, api_key_id, session_id, run_id, answer_id, array_to_json(tags) AS tags, source, provider, model,
  attempt, status::text AS status, error_code, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
  estimated, simulated, own_key, cost, cost_source::text AS cost_source, prices, time_to_first_token, time_to_first_answer, response_time,
  tokens_per_second
FROM charges WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3::int""",
    "audit-events": """
SELECT id AS position, id, created_at, CASE WHEN actor_id = $1 THEN actor END AS actor, action, target_type, target_id, details,
  CASE WHEN actor_id = $1 THEN address END AS address
FROM audit_events WHERE (actor_id = $1 OR (target_type = 'user' AND target_id = $1)) AND id > $2 ORDER BY id LIMIT $3::int""",
}
_SESSIONS = "SELECT id AS position FROM sessions WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3::int"
_NARROW = "Try again later."


class ExportRepository:
    """Reads the stored data of an account, page by page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self, table: str, user_id: str, after: str, limit: int) -> list[dict[str, Any]]:
        """Return rows of one of `TABLES` after the one with that `position`; the empty string starts at the beginning."""
        return await self._database.read(user_id, TABLES[table], user_id, after, limit, seconds=REPORT_SECONDS, narrow=_NARROW)

    async def session_ids(self, user_id: str, after: str, limit: int) -> list[str]:
        """Return the ids of sessions after that one, oldest first."""
        rows = await self._database.read(user_id, _SESSIONS, user_id, after, limit, seconds=REPORT_SECONDS, narrow=_NARROW)
        return [row["position"] for row in rows]
