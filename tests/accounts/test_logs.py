"""No token, key or password reaches a line of the log, whatever its level."""

import json
from pathlib import Path
from typing import Any

import httpx

from ..support.client import PASSWORD, User
from ..support.folders import NewDataDir
from ..support.process import ServiceProcess, serving
from .conftest import Outbox, token_in

WRONG, NEW = "a password that is wrong", "a password that is new"
API_KEY = "pg_this-is-an-api-key-of-nobody"


async def use_every_secret(service: ServiceProcess, outbox: Outbox) -> list[str]:
    """Sends every kind of secret, good and bad, every way that there is; gives them all."""
    async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
        account = {"email": "root@example.org", "password": PASSWORD, "name": "Root", "cookie": True}
        user = User(http, (await http.post("/auth/register", json=account)).json())
        secrets = [PASSWORD, WRONG, NEW, API_KEY, user.token, str(http.cookies["playground_refresh"])]
        tickets = [(await http.post("/playground/tickets")).json()["token"] for _ in range(2)]
        invitation = (await http.post("/admin/invitations", json={"email": "guest@example.org"})).json()["token"]
        secrets += [*tickets, invitation]
        bad: dict[str, Any] = {"email": "root@example.org", "password": WRONG}
        for method, path, request in (
            ("POST", "/auth/login", {"json": bad}),
            ("POST", "/auth/login", {"json": {**bad, "extra": WRONG}}),
            ("POST", "/auth/login", {"content": json.dumps(bad)[:-1], "headers": {"Content-Type": "application/json"}}),
            ("POST", "/auth/login", {"params": {"password": WRONG}}),
            ("POST", "/auth/register", {"json": {**account, "invitation": invitation + "x"}}),
            ("POST", "/auth/register", {"json": {"email": "guest@example.org", "password": NEW, "name": "G", "invitation": invitation}}),
            ("POST", "/auth/refresh", {}),
            ("POST", "/auth/refresh", {"json": {"refreshToken": user.token}}),
            ("POST", "/users/me/password", {"json": {"currentPassword": WRONG, "newPassword": NEW}}),
            ("DELETE", "/users/me", {"json": {"password": WRONG}}),
            ("GET", "/users/me", {"headers": {"Authorization": f"Bearer {API_KEY}"}}),
            ("GET", "/models", {"headers": {"X-API-Key": API_KEY}}),
            ("POST", "/auth/forgot-password", {"json": {"email": "root@example.org"}}),
        ):
            await http.request(method, path, **request)  # type: ignore[arg-type]
        reset = token_in(await outbox.first_to("root@example.org"))
        assert reset is not None
        query = {"prompt": "Hi", "models": "sim/quick"}
        del http.headers["Authorization"]
        for token, status in ((tickets[0], 200), (tickets[0], 401), (tickets[1] + "x", 401), (user.token, 200), (API_KEY, 401)):
            assert (await http.get("/playground/stream", params={**query, "token": token})).status_code == status
        assert (await http.get(f"/playground/nowhere/{tickets[1]}", params={"token": tickets[1]})).status_code == 404
        assert (await http.get(f"/playground/nowhere/{API_KEY}")).status_code == 404
        for given in (reset + "x", reset):
            await http.post("/auth/reset-password", json={"token": given, "password": NEW})
        assert (await http.post("/auth/login", json={"email": "root@example.org", "password": NEW})).status_code == 200
        await service.logged("request", path="/auth/login", status=200)
        return [*secrets, reset]


async def test_no_secret_is_logged_at_any_level_and_the_log_says_where_a_mail_is(new_data_dir: NewDataDir):
    data_dir = new_data_dir()
    with serving(data_dir, LOG_LEVEL="debug", LIMIT_AUTH="off", LIMIT_ADDRESS_REQUESTS="off") as service:
        secrets = await use_every_secret(service, Outbox(data_dir / "outbox"))
        written = await service.logged("mail_written")
        assert Path(written["path"]).parent == data_dir / "outbox"
        service.terminate()
        await service.ended()
        logged = service.stderr
    assert len(set(secrets)) == 10
    for secret in secrets:
        assert secret not in logged
    assert "token=" not in logged
