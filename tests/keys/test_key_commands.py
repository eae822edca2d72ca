"""`playground key`, as an operator types it, beside a service that runs on the same data folder."""

import httpx
from anyio.to_thread import run_sync

from playground.serving.server import RunningService

from ..support.client import User
from ..support.forks import completed
from ..support.process import environment


async def create(service: RunningService, *arguments: str) -> tuple[int, str, str]:
    folder = service.settings.data_dir
    done = await run_sync(lambda: completed(["key", "create", *arguments], environment(folder), folder))
    return done.returncode, done.stdout, done.stderr


async def test_a_key_works_at_once_with_the_scopes_that_were_asked_for(service: RunningService, user: User) -> None:
    code, key, said = await create(service, user.account["email"], "--name", "Nightly", "--scope", "sessions:read", "--days", "2")
    assert code == 0, said
    assert "with the scopes sessions:read" in said
    assert key.startswith("pg_")
    assert len(key.splitlines()) == 1
    async with httpx.AsyncClient(base_url=service.url, headers={"X-API-Key": key.strip()}) as http:
        assert (await http.get("/playground/sessions")).status_code == 200
        assert (await http.get("/models")).status_code == 403


async def test_an_account_that_there_is_not_is_named(service: RunningService) -> None:
    code, key, said = await create(service, "nobody@example.org")
    assert (code, key) == (1, "")
    assert "nobody@example.org" in said


async def test_a_name_or_a_scope_that_cannot_be_used_is_refused(service: RunningService, user: User) -> None:
    for option, value in (("--name", " "), ("--scope", "everything")):
        code, key, said = await create(service, user.account["email"], option, value)
        assert (code, key) == (1, "")
        assert option[2:] in said
