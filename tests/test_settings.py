"""Settings: where they come from, what is refused, and that all of them are documented."""

import re
import stat
from pathlib import Path

import pytest
import typer.main

from playground.cli import app as cli
from playground.files import CHECKOUT
from playground.kit.errors import StartupError
from playground.misspelt_variables import misspelt_variables
from playground.settings import Settings

EXAMPLE = CHECKOUT / ".env.example"
DOCUMENTED = dict(re.findall(r"^([A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE))


def variables_of(name: str) -> list[str]:
    """Under which names the environment may set a field, the one to use first."""
    alias = Settings.model_fields[name].validation_alias
    return [name.upper()] if alias is None else [str(each) for each in alias.choices if str(each).isupper()]  # type: ignore[union-attr]


def options_of_commands() -> set[str]:
    """The variables that options of our commands take."""
    return {
        str(parameter.envvar)
        for command in typer.main.get_command(cli).commands.values()  # type: ignore[attr-defined]
        for parameter in command.params
        if parameter.envvar
    }


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in Settings.model_fields:
        for variable in variables_of(field):
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.chdir(tmp_path)


def test_every_setting_is_documented_and_every_documented_variable_is_one() -> None:
    assert set(DOCUMENTED) == {variables_of(field)[0] for field in Settings.model_fields} | options_of_commands()


def test_a_second_name_of_a_setting_is_documented_next_to_the_first() -> None:
    for field in Settings.model_fields:
        for other in variables_of(field)[1:]:
            assert f"# {other} " in EXAMPLE.read_text(encoding="utf-8")


def test_the_documented_defaults_are_the_defaults() -> None:
    assert Settings(_env_file=EXAMPLE) == Settings(_env_file=None)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "field", [name for name, field in Settings.model_fields.items() if field.default not in (None, ()) and not field.default_factory]
)
def test_a_default_is_written_explicitly(field: str) -> None:
    assert DOCUMENTED[variables_of(field)[0]] != ""


def test_every_documented_variable_is_explained() -> None:
    explained = False
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if not line:
            explained = False
        elif line.startswith("#") and not line.startswith("# ---"):
            explained = True
        elif "=" in line:
            assert explained, line


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "65536"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("SHUTDOWN_GRACE_SECONDS", "-1"),
        ("STREAM_GRACE_SECONDS", "soon"),
        ("CONNECT_TIMEOUT_SECONDS", "0"),
        ("DATABASE_URL", "mysql://user:s3cret@db/playground"),
        ("DATABASE_URL", "s3cret"),
        ("DATABASE_POOL_SIZE", "0"),
        ("JWT_SECRET", "s3cret"),
        ("JWT_PREVIOUS_SECRETS", "s3cret,s3cret"),
        ("METRICS_TOKEN", "s3cret"),
        ("METRICS_ACCESS", "friends"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("ENCRYPTION_SECRET", "s3cret"),
        ("REDIS_URL", "http://s3cret"),
        ("TRUSTED_PROXIES", "10.0.0.0/40"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://app.example.org/path"),
        ("PUBLIC_URL", "playground.example.org"),
        ("PLAYGROUND_REGISTRATION", "maybe"),
        ("LIMIT_STREAMS", "many"),
        ("LIMIT_AUTH", "5 per minute; 10 per hour"),
        ("LIMIT_AUTH", "0 per hour"),
        ("USER_DAILY_REQUESTS", "-1"),
        ("USER_MONTHLY_BUDGET", "NaN"),
        ("SMTP_SECURITY", "ssl"),
        ("MAIL_FROM", "Playground"),
        ("ACCESS_TOKEN_SECONDS", "1"),
        ("PLAYGROUND_PROVIDERS_FILE", "/no/such/file.toml"),
        ("PLAYGROUND_DATA_DIR", "~nobody-of-that-name/data"),
        ("PLAYGROUND_SIMULATOR", "perhaps"),
        ("SIM_WORDS_PER_SECOND", "0"),
    ],
)
def test_an_invalid_value_is_refused_by_the_name_of_its_variable_without_showing_secrets(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartupError, match=rf"(?m)^  {variable}: \S") as refused:
        Settings.load()
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_value_that_is_one_of_several_words_may_be_in_capitals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("PLAYGROUND_REGISTRATION", "Invite")
    settings = Settings.load()
    assert (settings.log_level, settings.registration) == ("debug", "invite")


@pytest.mark.parametrize("off", ["off", "OFF", "Off"])
def test_no_limit_may_be_written_in_any_case(monkeypatch: pytest.MonkeyPatch, off: str) -> None:
    for variable in ("LIMIT_AUTH", "USER_DAILY_REQUESTS", "USER_MONTHLY_BUDGET"):
        monkeypatch.setenv(variable, off)
    settings = Settings.load()
    assert (settings.limit_auth, settings.user_daily_requests, settings.user_monthly_budget) == (None, None, None)


def test_paths_may_begin_at_the_users_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "providers.toml").touch()
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / ".env").write_text("PLAYGROUND_DATA_DIR=~/data\nPLAYGROUND_PROVIDERS_FILE=~/providers.toml\n")
    settings = Settings.load()
    assert (settings.data_dir, settings.providers_file) == (home / "data", home / "providers.toml")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_an_env_file_that_is_not_utf_8_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / ".env").write_text("MAIL_FROM=Spielplatz für alle <playground@example.org>\n", encoding=encoding)
    with pytest.raises(StartupError, match=r"\.env .*not UTF-8"):
        Settings.load()
    with pytest.raises(StartupError, match=r"\.env .*not UTF-8"):
        Settings.variable("PLAYGROUND_URL")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:password@host:5432/playground?sslmode=require",
        "postgres://host/playground",
        "postgresql://user@/playground?host=/var/run/postgresql",
        "postgresql:///playground?host=/var/run/postgresql",
        "postgresql://[::1]:5432/playground",
    ],
)
def test_a_postgresql_url_is_accepted(url: str) -> None:
    database_url = Settings.load(database_url=url).database_url
    assert database_url is not None
    assert database_url.get_secret_value() == url


def test_the_environment_overrides_the_file_and_an_empty_value_is_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=5001\nHOST=::1\nOPENAI_API_KEY=\nLOG_LEVEL=debug\n")
    monkeypatch.setenv("PORT", "5002")
    monkeypatch.setenv("LOG_LEVEL", "")
    settings = Settings.load()
    assert (settings.port, settings.host, settings.openai_api_key) == (5002, "::1", None)


def test_no_secret_is_shown_when_settings_are_printed() -> None:
    secret = "s3cret-" * 6
    settings = Settings.load(jwt_secret=secret, openai_api_key=secret, database_url=f"postgresql://user:{secret}@host/db")
    assert secret not in repr(settings)
    assert secret not in str(settings.model_dump())


def test_a_signing_secret_is_created_once_and_private(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secret = settings.signing_secrets()[0]
    assert len(secret) >= 43
    assert Settings(data_dir=tmp_path / "data").signing_secrets()[0] == secret
    assert stat.S_IMODE((tmp_path / "data" / "jwt-secret").stat().st_mode) == 0o600
    assert Settings(data_dir=tmp_path / "other").signing_secrets()[0] != secret


def test_a_given_signing_secret_is_used_and_not_written_anywhere(tmp_path: Path) -> None:
    given = "x" * 32
    assert Settings.load(data_dir=tmp_path / "data", jwt_secret=given).signing_secrets()[0] == given
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("DATABASE_URI", "DATABASE_URL"),
        ("limit_stream", "LIMIT_STREAMS"),
        ("OPENAI_APIKEY", "OPENAI_API_KEY"),
        ("ANTROPIC_API_KEY", "ANTHROPIC_API_KEY"),
        ("PLAYGROUND_DATADIR", "PLAYGROUND_DATA_DIR"),
        ("PLAYGROUND_PORT", "PORT"),
        ("PLAYGROUND_COLOUR", None),
    ],
)
def test_a_misspelt_variable_is_found(monkeypatch: pytest.MonkeyPatch, variable: str, setting: str | None) -> None:
    monkeypatch.setenv(variable, "1")
    assert misspelt_variables(Settings.load())[variable] == setting


def test_a_misspelt_variable_in_the_file_is_found() -> None:
    Path(".env").write_text("JWT_SECRETS=1\n")
    assert misspelt_variables(Settings.load())["JWT_SECRETS"] == "JWT_SECRET"


@pytest.mark.parametrize("variable", ["LAB_API_KEY", "PLAYGROUND_TOKEN", "PORTS", "HOSTNAME", "DB_URL", "OTEL_SERVICE_VERSION"])
def test_a_variable_of_something_else_is_none_of_ours(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert variable not in misspelt_variables(Settings.load())


def test_a_variable_that_the_providers_file_names_is_not_misspelt(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text('[[provider]]\nid = "mine"\nbase_url = "http://127.0.0.1:9/v1"\napi_key_env = "OPENAI_KEY"\n')
    monkeypatch.setenv("OPENAI_KEY", "sk-1")
    assert misspelt_variables(Settings.load(providers_file=None))
    assert misspelt_variables(Settings.load(providers_file=file)) == {}
