"""The queries on accounts that must be single statements, so that nothing happens between their parts."""

CHANGE = """
UPDATE users SET name = COALESCE($2, name), bio = COALESCE($3, bio), username = CASE WHEN $4::boolean THEN $5 ELSE username END,
  preferences = preferences || $6::jsonb, updated_at = now()
WHERE id = $1
"""

# A former administrator must not become one again through an invitation from before.
TAKE_INVITATION = """
UPDATE invitations SET used_at = now(), used_by = $2
WHERE token_hash = $1 AND (used_by IS NULL OR used_by = $2) AND expires_at > now() AND (email IS NULL OR email = $3)
  AND EXISTS (SELECT FROM users WHERE users.id = invited_by AND users.role = 'admin' AND users.active)
RETURNING id, role::text AS role
"""

FORGET_INVITATIONS = "DELETE FROM invitations WHERE used_by = $1 OR email = (SELECT email FROM users WHERE id = $1)"

# Expired tokens are refused, but their rows are kept for one more day: an access token may outlive its login's refresh token.
DELETE_EXPIRED = (
    "DELETE FROM logins WHERE expires_at < now() - interval '1 day' OR revoked_at < now() - interval '1 day'",
    "DELETE FROM password_resets WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM invitations WHERE expires_at < now() - interval '1 day'",
)
