"""The queries about accounts that have to be one statement each, so that nothing comes between their parts."""

CHANGE = """
UPDATE users SET name = COALESCE($2, name), bio = COALESCE($3, bio), username = CASE WHEN $4::boolean THEN $5 ELSE username END,
  preferences = preferences || $6::jsonb, updated_at = now()
WHERE id = $1
"""

# Whoever is no administrator any more must not come back as one by a link that they made before.
TAKE_INVITATION = """
UPDATE invitations SET used_at = now(), used_by = $2
WHERE token_hash = $1 AND (used_by IS NULL OR used_by = $2) AND expires_at > now() AND (email IS NULL OR email = $3)
  AND EXISTS (SELECT FROM users WHERE users.id = invited_by AND users.role = 'admin' AND users.active)
RETURNING id, role::text AS role
"""

# The new hash is known to nobody else, so finding it means that this ran before, and its answer got lost.
REPLACE_HASH = """
UPDATE users SET password_hash = $3, updated_at = now() WHERE id = $1 AND active AND (password_hash = $2 OR password_hash = $3)
"""

END_RESETS = "UPDATE password_resets SET used_at = now() WHERE user_id = $1 AND used_at IS NULL"

# Held until the reset is kept, so that several for one account count each other.
HOLD_ACCOUNT = "SELECT id FROM users WHERE email = $1 AND active FOR NO KEY UPDATE"

# At most so many mails are on their way to one person at a time, however often somebody asks for them.
OPEN_RESET = """
INSERT INTO password_resets (id, user_id, token_hash, expires_at)
SELECT $1, $2, $3, $4::timestamptz
WHERE $5::int > (SELECT count(*) FROM password_resets WHERE user_id = $2 AND id <> $1 AND used_at IS NULL AND expires_at > now())
ON CONFLICT (id) DO UPDATE SET token_hash = EXCLUDED.token_hash
"""

RESET_ACCOUNT = """
SELECT account.id, account.email, account.username FROM password_resets reset JOIN users account ON account.id = reset.user_id
WHERE reset.token_hash = $1 AND reset.used_at IS NULL AND reset.expires_at > now() AND account.active
"""

USE_RESET = """
UPDATE password_resets reset SET used_at = now()
WHERE reset.token_hash = $1 AND reset.expires_at > now()
  AND (reset.used_at IS NULL OR EXISTS (SELECT FROM users WHERE users.id = reset.user_id AND users.password_hash = $2))
RETURNING reset.user_id
"""

LAST_ADMINISTRATOR = """
SELECT account.role = 'admin'
  AND NOT EXISTS (SELECT FROM users other WHERE other.id <> account.id AND other.role = 'admin' AND other.active
                    AND other.password_hash IS NOT NULL)
  AND EXISTS (SELECT FROM users other WHERE other.id <> account.id AND other.password_hash IS NOT NULL) AS last
FROM users account WHERE account.id = $1
"""

FORGET_INVITATIONS = "DELETE FROM invitations WHERE used_by = $1 OR email = (SELECT email FROM users WHERE id = $1)"


# Tokens are refused when they are expired. What they were is kept a day longer: an access token may outlive its login's refresh token.
TIDY = (
    "DELETE FROM logins WHERE expires_at < now() - interval '1 day' OR revoked_at < now() - interval '1 day'",
    "DELETE FROM password_resets WHERE expires_at < now() - interval '1 day'",
    "DELETE FROM invitations WHERE expires_at < now() - interval '1 day'",
)
