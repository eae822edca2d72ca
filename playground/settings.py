"""The settings. Only this module reads the environment. `.env.example` documents every variable."""

import os
import re
from decimal import Decimal
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal, Self

import limits
import platformdirs
from dotenv import dotenv_values
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from playground.database.database_url import check_address
from playground.files import CHECKOUT, INSTALLED
from playground.kit.errors import StartupError
from playground.kit.generated_secrets import SHORTEST_SECRET, load_or_create_secret

_NOT_UTF8 = "The file .env in the current folder is not UTF-8. Save it as UTF-8."

Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _rate(value: str) -> str:
    try:
        rates = limits.parse_many(value)
    except ValueError:
        raise ValueError('should be a rate such as "100 per 15 minutes", or "off"') from None
    if len(rates) > 1:
        raise ValueError('should be a single rate, such as "100 per 15 minutes"')
    return value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _off_is_none(value: object) -> object:
    return None if _lower(value) == "off" else value


def _from_home(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"should not begin with {path.parts[0]}, which has no home folder") from None


def _split(value: object) -> object:
    """Split the list in a variable: `a, b`."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Rate = Annotated[Annotated[str, AfterValidator(_rate)] | None, BeforeValidator(_off_is_none)]
"""A rate such as `100 per 15 minutes`; `None` (`off`): no limit."""
Quota = Annotated[Annotated[int, Field(ge=0, le=10**15)] | None, BeforeValidator(_off_is_none)]
Budget = Annotated[Annotated[Decimal, Field(ge=0, le=10**7, decimal_places=6)] | None, BeforeValidator(_off_is_none)]
"""US dollars; `None` (`off`): no limit."""
PathFromHome = Annotated[Path, AfterValidator(_from_home)]
"""A path that may begin with `~`, which no shell expands in `.env`."""


def _default_data_dir() -> Path:
    return Path(platformdirs.user_data_dir("playground")) if INSTALLED else CHECKOUT / "data"


class Settings(BaseSettings):
    """All settings with their defaults. Variables have the upper-case names of the fields, unless there is an alias."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    # The server
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 4000
    """0 selects any free port; the log says which."""
    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"
    log_format: Annotated[Literal["auto", "console", "json"], BeforeValidator(_lower)] = "auto"
    """`auto`: `console` on a terminal, `json` elsewhere."""
    shutdown_grace_seconds: Annotated[float, Field(ge=0, le=3_600)] = 20

    trusted_proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode, BeforeValidator(_split)] = ()
    """Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are trusted."""
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)] = ()
    """Origins of other sites whose pages can call this service."""
    public_url: str | None = None
    """The address under which users reach the service; for links in mails."""
    max_body_bytes: Annotated[int, Field(ge=1_024, le=1_073_741_824)] = 8_388_608
    max_json_depth: Annotated[int, Field(ge=8, le=500)] = 32

    # Monitoring
    metrics_access: Annotated[Literal["local", "token", "public", "off"], BeforeValidator(_lower)] = "local"
    """Who can read `/metrics`. Unless `off`, clients with the token and administrators always can."""
    metrics_token: SecretStr | None = None
    otel_exporter_otlp_endpoint: str | None = None
    """Absent: no traces."""
    otel_exporter_otlp_headers: SecretStr | None = None
    otel_service_name: str = "playground"
    otel_instrumentation_genai_capture_message_content: bool = False
    """Whether spans contain prompts and answers."""

    # Storage
    data_dir: PathFromHome = Field(default_factory=_default_data_dir, validation_alias=AliasChoices("PLAYGROUND_DATA_DIR", "data_dir"))
    database_url: SecretStr | None = None
    """Absent: an embedded PostgreSQL in the data folder."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    redis_url: SecretStr | None = None
    """Absent: this process is the only one, and keeps shared state in its memory."""

    # Accounts
    registration: Annotated[Literal["open", "invite", "closed"], BeforeValidator(_lower)] = Field(
        default="open", validation_alias=AliasChoices("PLAYGROUND_REGISTRATION", "registration")
    )
    jwt_secret: SecretStr | None = None
    jwt_previous_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    """Earlier secrets, whose tokens are still valid."""
    encryption_secret: SecretStr | None = None
    """Encrypts users' keys for providers."""
    encryption_previous_secrets: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = ()
    access_token_seconds: Annotated[int, Field(ge=10, le=86_400)] = 900
    refresh_token_seconds: Annotated[int, Field(ge=60, le=31_536_000)] = 604_800
    ticket_seconds: Annotated[int, Field(ge=1, le=3_600)] = 60
    password_reset_seconds: Annotated[int, Field(ge=60, le=604_800)] = 3_600
    invitation_seconds: Annotated[int, Field(ge=60, le=31_536_000)] = 604_800

    # Mail
    smtp_host: str | None = None
    """Absent: mails are written to `outbox` in the data folder."""
    smtp_port: Annotated[int, Field(ge=1, le=65_535)] = 587
    smtp_security: Annotated[Literal["starttls", "tls", "none"], BeforeValidator(_lower)] = "starttls"
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = "Playground <playground@localhost>"

    # Limits
    limit_address_requests: Rate = "100 per 15 minutes"
    """API requests without a login, per address."""
    limit_user_requests: Rate = "1000 per 15 minutes"
    limit_auth: Rate = "10 per 15 minutes"
    """Requests to `/auth` per address."""
    limit_streams: Rate = "50 per hour"
    """Streams that a user starts; doesn't apply to administrators."""
    user_daily_requests: Quota = 50
    """Turns that a user with the role `user` can start in a day (UTC)."""
    user_monthly_requests: Quota = 1_000
    user_monthly_tokens: Quota = 100_000
    user_monthly_budget: Budget = None
    user_storage_mb: Quota = 100
    """What the files of somebody with the role `user` may take."""
    premium_daily_requests: Quota = 200
    premium_monthly_requests: Quota = 5_000
    premium_monthly_tokens: Quota = 500_000
    premium_monthly_budget: Budget = None
    premium_storage_mb: Quota = 1_000
    limited_output_tokens: Annotated[int, Field(ge=1, le=1_000_000)] = 4_096
    """The longest answer of a lane without `maxTokens`, for users with limited tokens or money."""

    # Runs
    stream_grace_seconds: Annotated[float, Field(ge=0, le=86_400)] = 120
    """How long a run continues without a reader."""
    run_retention_seconds: Annotated[float, Field(ge=0, le=86_400)] = 300
    """How long the events of a finished run stay in memory, for readers that reconnect."""
    run_memory_mb: Annotated[int, Field(ge=8, le=1_048_576)] = 512
    """Memory for all runs; one user can use at most half of it."""
    session_trash_days: Annotated[int, Field(ge=0, le=3_650)] = 30
    """How long a deleted session can be restored."""
    send_timeout_seconds: Seconds = 300
    """A reader whose connection accepts nothing for this long is disconnected. It can reconnect."""

    # Providers
    allow_private_provider_urls: bool = False
    """Whether users' addresses of providers may be private."""
    connect_timeout_seconds: Seconds = 10
    first_token_timeout_seconds: Seconds = 600
    between_tokens_timeout_seconds: Seconds = 60
    model_list_refresh_seconds: Seconds = 3_600
    priced_models_tier: Annotated[Literal["free", "premium", "hidden"], BeforeValidator(_lower)] = "premium"
    """Who can use a model that costs money if no administrator has set its tier."""
    providers_file: PathFromHome | None = Field(default=None, validation_alias=AliasChoices("PLAYGROUND_PROVIDERS_FILE", "providers_file"))
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openrouter_api_key: SecretStr | None = None
    openrouter_base_url: str | None = None
    huggingface_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("HUGGINGFACE_API_KEY", "HF_TOKEN", "huggingface_api_key")
    )
    huggingface_base_url: str | None = None
    groq_api_key: SecretStr | None = None
    groq_base_url: str | None = None
    gemini_api_key: SecretStr | None = None
    gemini_base_url: str | None = None
    anthropic_api_key: SecretStr | None = None
    anthropic_base_url: str | None = None
    mistral_api_key: SecretStr | None = None
    mistral_base_url: str | None = None
    deepseek_api_key: SecretStr | None = None
    deepseek_base_url: str | None = None
    together_api_key: SecretStr | None = None
    together_base_url: str | None = None
    ollama_api_key: SecretStr | None = None
    ollama_base_url: str | None = None
    """Ollama needs no key: it is used if its address is set."""

    # The simulated provider
    simulator: bool = Field(default=True, validation_alias=AliasChoices("PLAYGROUND_SIMULATOR", "simulator"))
    sim_words_per_second: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Overrides the speed of every simulated model."""
    sim_first_token_ms: Annotated[float, Field(ge=0, le=600_000)] | None = None
    """Overrides the delay before the first token of every simulated model."""

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            check_address(value.get_secret_value())
        return value

    @field_validator("limit_address_requests", "limit_user_requests", "limit_auth", "limit_streams")
    @classmethod
    def _lets_something_through(cls, value: str | None) -> str | None:
        # A single user can have such a limit, but as the default it would also lock out the operator.
        if value is not None and limits.parse(value).amount == 0:
            raise ValueError('should let at least one request through, or be "off"')
        return value

    @field_validator("jwt_secret", "encryption_secret", "jwt_previous_secrets", "encryption_previous_secrets", "metrics_token")
    @classmethod
    def _is_long(cls, value: SecretStr | tuple[SecretStr, ...] | None) -> SecretStr | tuple[SecretStr, ...] | None:
        secrets_given = value if isinstance(value, tuple) else () if value is None else (value,)
        if any(len(secret) < SHORTEST_SECRET for secret in secrets_given):
            raise ValueError(f"should have at least {SHORTEST_SECRET} characters")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("should be the address of a Redis server, such as redis://:password@host:6379/0")
        return value

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, value: str) -> str:
        _, address = parseaddr(value)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            raise ValueError("should be a sender such as Playground <playground@example.org>")
        return value

    @field_validator("public_url", "otel_exporter_otlp_endpoint")
    @classmethod
    def _is_web_address(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"https?://[^/\s?#]+(/[^\s?#]*)?", value):
            raise ValueError("should be an address such as https://playground.example.org")
        return value.rstrip("/") if value is not None else None

    @field_validator("cors_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s?#*]+", origin):
                raise ValueError(f"{origin!r} should be an origin such as https://app.example.org, without a path")
        return value

    @field_validator("providers_file")
    @classmethod
    def _is_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"should be an existing file, but {value} doesn't exist")
        return value

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """Load the settings from the environment and `.env`; `overrides` take precedence.

        Raises `StartupError` that names each variable with an invalid value, or `.env` if it is not UTF-8.
        """
        try:
            return cls(**overrides)  # type: ignore[arg-type]
        except UnicodeDecodeError:
            raise StartupError(_NOT_UTF8) from None
        except ValidationError as error:
            lines = [
                f"{_variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_input=False)
            ]
            raise StartupError("Some settings are not valid (see .env.example):\n  " + "\n  ".join(lines)) from None

    @classmethod
    def variables(cls) -> frozenset[str]:
        """The names of all variables that are settings."""
        aliases = (field.validation_alias for field in cls.model_fields.values())
        named = {str(each) for alias in aliases if isinstance(alias, AliasChoices) for each in alias.choices}
        return frozenset(name.upper() for name in (*cls.model_fields, *named))

    @staticmethod
    def variable(name: str) -> SecretStr | None:
        """Return any variable of the environment or `.env`, for keys that a providers file names. `None`: absent or empty.

        Raises `StartupError` if `.env` is not UTF-8.
        """
        try:
            value = os.environ.get(name) or dotenv_values(".env").get(name)
        except UnicodeDecodeError:
            raise StartupError(_NOT_UTF8) from None
        return SecretStr(value) if value else None

    def signing_secrets(self) -> list[str]:
        """Return the secret that signs tokens, and the earlier ones."""
        return self._secrets(self.jwt_secret, "jwt-secret", self.jwt_previous_secrets)

    def encryption_secrets(self) -> list[str]:
        """Return the secret that encrypts users' keys for providers, and the earlier ones."""
        return self._secrets(self.encryption_secret, "encryption-secret", self.encryption_previous_secrets)

    def _secrets(self, given: SecretStr | None, file: str, previous: tuple[SecretStr, ...]) -> list[str]:
        current = given.get_secret_value() if given is not None else load_or_create_secret(self.data_dir / file)
        return [current, *(secret.get_secret_value() for secret in previous)]


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    field_info = Settings.model_fields.get(name)
    if field_info is not None and isinstance(field_info.validation_alias, AliasChoices):
        name = str(field_info.validation_alias.choices[0])
    return name.upper()
