"""The one place that reads the environment. `.env.example` documents every variable."""

import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .errors import StartupError

ROOT = Path(__file__).resolve().parent.parent
"""The checkout's root, where `schema.prisma`, `migrations/` and `node_modules/` are."""

_SHORTEST_SECRET = 32
"""Of HS256's key, in characters (RFC 7518, 3.2, asks for 256 bits)."""

Seconds = Annotated[float, Field(gt=0, le=86_400)]


def _default_data_dir() -> Path:
    if (ROOT / "schema.prisma").exists():
        return ROOT / "data"
    return Path(platformdirs.user_data_dir("playground"))


class Settings(BaseSettings):
    """Every setting, with its default. Names of variables are the upper-cased field names unless an alias says otherwise."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    # The server
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 4000
    """0 takes any free port; the log says which."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "console", "json"] = "auto"
    """`auto`: `console` on a terminal, `json` elsewhere."""
    shutdown_grace_seconds: Annotated[float, Field(ge=0, le=3_600)] = 20

    # Where things are kept
    data_dir: Path = Field(default_factory=_default_data_dir, validation_alias=AliasChoices("PLAYGROUND_DATA_DIR", "data_dir"))
    database_url: SecretStr | None = None
    """Absent: an embedded PostgreSQL in the data folder."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10

    # Accounts
    jwt_secret: SecretStr | None = None
    access_token_seconds: Annotated[int, Field(ge=10, le=86_400)] = 900
    refresh_token_seconds: Annotated[int, Field(ge=60, le=31_536_000)] = 604_800

    # Runs
    stream_grace_seconds: Annotated[float, Field(ge=0, le=86_400)] = 120
    """How long a run goes on without any reader."""
    run_retention_seconds: Annotated[float, Field(ge=0, le=86_400)] = 300
    """How long the events of a finished run stay in memory, for readers that come back."""
    send_timeout_seconds: Seconds = 300
    """A reader whose connection takes nothing for this long is dropped; it may come back."""

    # Providers
    connect_timeout_seconds: Seconds = 10
    first_token_timeout_seconds: Seconds = 120
    between_tokens_timeout_seconds: Seconds = 60
    model_list_refresh_seconds: Seconds = 3_600
    providers_file: Path | None = Field(default=None, validation_alias=AliasChoices("PLAYGROUND_PROVIDERS_FILE", "providers_file"))
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
    """Ollama needs no key: it is used when its address is set."""

    # The simulated provider
    simulator: bool = Field(default=True, validation_alias=AliasChoices("PLAYGROUND_SIMULATOR", "simulator"))
    sim_words_per_second: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """Overrides the speed of every simulated model."""
    sim_first_token_ms: Annotated[float, Field(ge=0, le=600_000)] | None = None
    """Overrides the delay before the first token of every simulated model."""

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: SecretStr | None) -> SecretStr | None:
        # Over a socket there may be no host before the path.
        if value is not None and not re.fullmatch(r"postgres(ql)?://[^/]*(/.*)?", value.get_secret_value()):
            raise ValueError("should be the address of a PostgreSQL, such as postgresql://user:password@host:5432/playground")
        return value

    @field_validator("jwt_secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value) < _SHORTEST_SECRET:
            raise ValueError(f"should have at least {_SHORTEST_SECRET} characters")
        return value

    @field_validator("providers_file")
    @classmethod
    def _is_file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @classmethod
    def load(cls, **overrides: object) -> Self:
        """The settings from the environment and `.env`, with `overrides` above both.

        Raises `StartupError` naming each variable whose value is bad.
        """
        try:
            return cls(**overrides)  # type: ignore[arg-type]
        except ValidationError as error:
            lines = [
                f"{_variable(problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_input=False)
            ]
            raise StartupError("These settings can't be used (see .env.example):\n  " + "\n  ".join(lines)) from None

    @staticmethod
    def variable(name: str) -> SecretStr | None:
        """Any variable of the environment or of `.env`: for keys that a providers file names. `None` when absent or empty."""
        value = os.environ.get(name) or dotenv_values(".env").get(name)
        return SecretStr(value) if value else None

    def signing_secret(self) -> str:
        """The secret that signs tokens: `JWT_SECRET`, else one made at the first start and kept in the data folder (mode 600)."""
        if self.jwt_secret is not None:
            return self.jwt_secret.get_secret_value()
        path = self.data_dir / "jwt-secret"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    field_info = Settings.model_fields.get(name)
    if field_info is not None and isinstance(field_info.validation_alias, AliasChoices):
        name = str(field_info.validation_alias.choices[0])
    return name.upper()
