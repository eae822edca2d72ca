"""What `playground provider add` writes: a block of the providers file, or the key of a built-in provider in `.env`."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import tomlkit
from dotenv import set_key
from pydantic import SecretStr
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT

from playground.kit.errors import StartupError
from playground.providers.adapter import ProviderClient
from playground.providers.builtin import BUILTIN
from playground.providers.errors.kinds import ProviderError
from playground.providers.opening import open_providers
from playground.providers.provider_file import read_provider_file
from playground.providers.records import Provider
from playground.settings import Settings

ENV_FILE = Path(".env")
_DEFAULT_FILE = Path("providers.toml")
_FILE_VARIABLE = "PLAYGROUND_PROVIDERS_FILE"


@dataclass(frozen=True, slots=True)
class NewProvider:
    """What the operator said."""

    id: str
    base_url: str | None
    name: str | None
    like: str | None
    key: SecretStr | None


def key_variable(provider_id: str) -> str | None:
    """Return the variable for the key of a built-in provider; `None` for any other provider."""
    return next((provider.key_variable for provider in BUILTIN if provider.id == provider_id), None)


async def add(settings: Settings, wanted: NewProvider, *, unchecked: bool) -> list[str]:
    """Add the provider, and return sentences that say what was done.

    Unless `unchecked`, it is first asked for its list of models, and nothing is written if that fails. Raises `StartupError`.
    """
    variable = key_variable(wanted.id)
    if variable is None:
        return await _add_block(settings, wanted, unchecked=unchecked)
    if wanted.base_url is not None or wanted.name is not None or wanted.like is not None:
        raise StartupError(f"{wanted.id} is built in, so only its key is needed. Choose another id for another server.")
    if wanted.key is None:
        raise StartupError(f"{wanted.id} needs a key.")
    with_key = Settings.load(**{variable.lower(): wanted.key})
    done = [] if unchecked else [await _checked_built_in(with_key, wanted.id)]
    return [*done, _write_variable(variable, wanted.key.get_secret_value())]


async def _add_block(settings: Settings, wanted: NewProvider, *, unchecked: bool) -> list[str]:
    if wanted.base_url is None:
        raise StartupError(f"{wanted.id} is not a built-in provider, so it needs --base-url, such as http://127.0.0.1:8000/v1.")
    path = settings.providers_file or _DEFAULT_FILE
    if settings.providers_file is None and path.exists():
        raise StartupError(f"{path} exists, but {_FILE_VARIABLE} is not set. Set it to {path.absolute()}.")
    text = _with_block(path, wanted)
    provider = next(provider for provider in _parsed(path, text) if provider.id == wanted.id)
    done = []
    if not unchecked:
        async with open_providers(settings) as room:
            done.append(await _checked(room.client, provider))
    _write(path, text)
    done.append(f"{wanted.id} is described in {path.absolute()}.")
    if settings.providers_file is None:
        done.append(_write_variable(_FILE_VARIABLE, str(path.absolute())))
    return done


def _with_block(path: Path, wanted: NewProvider) -> str:
    """Return the file with another block at its end, and its comments as they are."""
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.exists() else tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise StartupError(f"The providers file {path} can't be read: {error}") from None
    block = tomlkit.table()
    key = wanted.key.get_secret_value() if wanted.key is not None else None
    for name, value in (("id", wanted.id), ("name", wanted.name), ("base_url", wanted.base_url), ("like", wanted.like), ("api_key", key)):
        if value is not None:
            block[name] = value
    blocks = document.setdefault("provider", tomlkit.aot())
    if not isinstance(blocks, AoT):
        raise StartupError(f"{path}: provider: only [[provider]] blocks (with two brackets) are allowed")
    blocks.append(block)
    return tomlkit.dumps(document)


def _parsed(path: Path, text: str) -> list[Provider]:
    """Return the providers of the new text, read as a start reads them. Raises `StartupError` that names the file."""
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / path.name
        copy.write_text(text, encoding="utf-8")
        try:
            return read_provider_file(copy, Settings.variable)
        except StartupError as error:
            raise StartupError(str(error).replace(str(copy), str(path))) from None


async def _checked_built_in(settings: Settings, provider_id: str) -> str:
    async with open_providers(settings) as room:
        provider = room.providers.get(provider_id)
        assert provider is not None  # noqa: S101 - it has a key
        return await _checked(room.client, provider)


async def _checked(client: ProviderClient, provider: Provider) -> str:
    try:
        models = await client.list_models(provider)
    except ProviderError as error:
        raise StartupError(f"{error} Nothing was written; with --unchecked the provider is added anyway.") from None
    return f"{provider.name} responds, and lists {len(models)} models."


def _write_variable(name: str, value: str) -> str:
    try:
        if not ENV_FILE.exists():
            ENV_FILE.touch(mode=0o600)
        set_key(ENV_FILE, name, value, quote_mode="auto")
    except OSError as error:
        raise StartupError(f"{ENV_FILE.absolute()} can't be written: {error.strerror}") from None
    return f"{name} is set in {ENV_FILE.absolute()}."


def _write(path: Path, text: str) -> None:
    """Replace the file at once. It may contain keys, so it is its owner's only."""
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.absolute().parent, encoding="utf-8", delete=False) as file:
            file.write(text)
        Path(file.name).replace(path)
    except OSError as error:
        raise StartupError(f"{path} can't be written: {error.strerror}") from None
