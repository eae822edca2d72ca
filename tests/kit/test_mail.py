"""Mails, as a real server gets them."""

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
import structlog

from playground.kit.mail import Mail, Mailer
from playground.kit.tasks import background_tasks
from playground.settings import Settings

from ..support.certificates import Certificate
from ..support.mailbox import mail_server

TOKEN = "a-token-that-no-log-may-have"
MAIL = Mail("test", "ada@example.org", "Grüße", f"A line.\n\n{TOKEN}\n.\nA dot alone, ü, 😀, and a long line: {'x' * 2_000}\n")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Certificate("localhost", "127.0.0.1").write(tmp_path_factory.mktemp("tls") / "certificate.pem")


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
async def log() -> AsyncIterator[list[Any]]:
    """What is logged."""
    with structlog.testing.capture_logs() as entries:
        yield entries


def settings_for(port: int, **given: Any) -> Settings:
    return Settings(smtp_host="127.0.0.1", smtp_port=port, _env_file=None, **given)


async def until_logged(log: list[Any], event: str) -> dict[str, Any]:
    with anyio.fail_after(20):
        # What is waited for is a line of the log, which has no event to wait for.
        while not (found := [entry for entry in log if entry["event"] == event]):  # noqa: ASYNC110
            await anyio.sleep(0.01)
    assert TOKEN not in str(log)
    assert MAIL.to not in str(log)
    return dict(found[0])


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
@pytest.mark.parametrize("password", [None, "the server's password"])
async def test_a_mail_arrives_as_it_was_written(
    security: Any, password: str | None, tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    contexts = {"starttls": {"starttls": tls}, "tls": {"tls": tls}, "none": {}}[security]
    async with mail_server(password=password, **contexts) as mailbox, background_tasks() as tasks:
        login = {"smtp_username": "playground", "smtp_password": password} if password else {}
        Mailer.of(settings_for(mailbox.port, smtp_security=security, **login), tasks).send_soon(MAIL)
        mail = await mailbox.next()
    assert mail.get_content().replace("\r\n", "\n") == MAIL.text
    assert (mail["To"], mail["Subject"], mail["From"]) == (MAIL.to, MAIL.subject, "Playground <playground@localhost>")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@localhost>")
    assert abs(mail["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=5)


async def test_an_address_may_hold_any_letters():
    async with mail_server() as mailbox, background_tasks() as tasks:
        Mailer.of(settings_for(mailbox.port, smtp_security="none"), tasks).send_soon(Mail("test", "ädà@bücher.example", "S", "T\n"))
        mail = await mailbox.next()
    assert mail["To"] == "ädà@bücher.example"


async def test_a_temporarily_refused_mail_is_sent_again(log: list[Any]):
    async with mail_server(refusals=["451 Come back later"]) as mailbox, background_tasks() as tasks:
        Mailer.of(settings_for(mailbox.port, smtp_security="none"), tasks).send_soon(MAIL)
        await mailbox.next()
        assert (await until_logged(log, "mail_sent"))["attempts"] == 2
    assert (await until_logged(log, "mail_delayed"))["reason"] == "SMTPDataError 451"


async def test_an_unavailable_mail_server_is_retried(log: list[Any]):
    async with mail_server() as mailbox:
        port = mailbox.port
    async with background_tasks() as tasks:
        Mailer.of(settings_for(port, smtp_security="none"), tasks).send_soon(MAIL)
        assert (await until_logged(log, "mail_delayed"))["again_in_seconds"] == 0.5


async def test_a_permanently_refused_mail_is_logged_without_its_content(log: list[Any]):
    async with mail_server(refusals=[f"554 No mail with {TOKEN}"]) as mailbox, background_tasks() as tasks:
        Mailer.of(settings_for(mailbox.port, smtp_security="none"), tasks).send_soon(MAIL)
        failure = await until_logged(log, "mail_not_sent")
        assert (failure["kind"], failure["reason"], failure["attempts"]) == ("test", "SMTPDataError 554", 1)
        assert (mailbox.asked, mailbox.empty()) == (1, True)


@pytest.mark.parametrize("why", ["no encryption", "a certificate of nobody", "a wrong password"])
async def test_nothing_is_sent_to_a_server_without_the_required_security(why: str, tls: ssl.SSLContext, log: list[Any]):
    server: dict[str, Any] = {
        "no encryption": {},
        "a certificate of nobody": {"starttls": tls},
        "a wrong password": {"password": "the right one"},
    }[why]
    given: dict[str, Any] = {"smtp_username": "p", "smtp_password": "wrong", "smtp_security": "none"} if "password" in server else {}
    async with mail_server(**server) as mailbox, background_tasks() as tasks:
        Mailer.of(settings_for(mailbox.port, **given), tasks).send_soon(MAIL)
        await until_logged(log, "mail_not_sent" if why == "a wrong password" else "mail_delayed")
        assert mailbox.asked == 0
    assert "wrong" not in str(log)


async def test_without_a_server_a_mail_is_a_private_file_and_its_path_is_logged(tmp_path: Path, log: list[Any]):
    async with background_tasks() as tasks:
        Mailer.of(Settings(data_dir=tmp_path, _env_file=None), tasks).send_soon(MAIL)
        path = Path((await until_logged(log, "mail_written"))["path"])
    assert path.parent == tmp_path / "outbox"
    assert_private(path)


def assert_private(path: Path) -> None:
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert TOKEN.encode() in path.read_bytes()
