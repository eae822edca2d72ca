"""Expired rows are deleted, and valid ones stay."""

from anyio.from_thread import BlockingPortal

from playground.accounts.repository import UserRepository
from playground.serving.server import RunningService

from ..support.client import User
from .conftest import Query, bearer, holds, log_in

REVOKED_LONG_AGO = "UPDATE logins SET revoked_at = now() - interval '25 hours' WHERE user_id = $1 AND revoked_at IS NOT NULL"
EXPIRED_LONG_AGO = "UPDATE logins SET expires_at = now() - interval '25 hours' WHERE user_id = $1"
RESETS = """
INSERT INTO password_resets (id, user_id, token_hash, expires_at)
VALUES ($1 || 'old', $1, $1 || 'old', now() - interval '25 hours'), ($1 || 'new', $1, $1 || 'new', now())"""
INVITATIONS = """
INSERT INTO invitations (id, invited_by, token_hash, expires_at)
VALUES ($1 || 'old', $1, $1 || 'old', now() - interval '25 hours'), ($1 || 'new', $1, $1 || 'new', now())"""


async def test_logins_resets_and_invitations_are_deleted_a_day_after_they_ended(
    user: User, service: RunningService, portal: BlockingPortal, query: Query
):
    user_id, repository = user.account["id"], UserRepository(service.database)
    ended, stays = await log_in(user.http, user), {"accessToken": user.token}
    assert (await user.http.post("/auth/logout", headers=bearer(ended))).status_code == 204
    portal.call(repository.delete_expired)
    assert query(lambda prisma: prisma.logins.count(where={"user_id": user_id})) == 2

    for statement in (REVOKED_LONG_AGO, RESETS, INVITATIONS):
        query(lambda prisma, statement=statement: prisma.execute_raw(statement, user_id))
    portal.call(repository.delete_expired)
    assert [row.revoked_at for row in query(lambda prisma: prisma.logins.find_many(where={"user_id": user_id}))] == [None]
    assert [row.id for row in query(lambda prisma: prisma.password_resets.find_many(where={"user_id": user_id}))] == [f"{user_id}new"]
    assert [row.id for row in query(lambda prisma: prisma.invitations.find_many(where={"invited_by": user_id}))] == [f"{user_id}new"]
    assert await holds(user.http, stays)

    query(lambda prisma: prisma.execute_raw(EXPIRED_LONG_AGO, user_id))
    portal.call(repository.delete_expired)
    assert query(lambda prisma: prisma.logins.count(where={"user_id": user_id})) == 0
