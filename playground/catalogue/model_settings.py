"""The administrators' settings for models, in memory, so that requests need no query."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio
import structlog

from playground.kit.announcements import Announcements
from playground.kit.cache import Cache
from playground.kit.errors import Unavailable
from playground.providers.records import ListPrice, Provider

from .wildcards import covers, is_pattern

Tier = Literal["free", "premium", "hidden"]
"""`free`: for every user. `premium`: for premium users and administrators. `hidden`: for administrators only."""

DefaultTier = Callable[[Provider, str], Tier]
"""Returns the tier of a provider's model that has no setting."""

_ALL = "all"
_RELOAD_SECONDS = 60.0
_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelSetting:
    """The setting of one model. Models without a setting have these defaults, except that their tier is the `DefaultTier`."""

    active: bool = True
    tier: Tier = "free"
    display_name: str | None = None
    """Shown instead of the provider's name for the model."""
    price: ListPrice | None = None
    """Overrides every other source."""


NOTHING_SET = ModelSetting()


def names_of(provider: Provider, model: str) -> tuple[str, ...]:
    """Return the provider's names for `model` under which it can have a setting, the most specific first.

    A setting of `org/model` also applies to `org/model:route`, unless that has its own setting. `llama3.2` and `llama3.2:latest` are
    the same model; its setting is stored under the second name.
    """
    forms = provider.listed_as(model)
    return forms[-1:] if provider.quirks.default_tag is not None else forms


class KnownSettings:
    """A snapshot of all settings, by full name. Case is ignored, because some providers ignore it."""

    def __init__(self, settings: Mapping[str, ModelSetting], default_tier: DefaultTier = lambda _provider, _model: "free") -> None:
        self._by_name = settings
        self._default_tier = default_tier
        self._by_key = {name.casefold(): name for name in settings}
        self._patterns = sorted((key for key in self._by_key if is_pattern(key)), key=len, reverse=True)
        """In lower case, the most specific (longest) first."""

    def of(self, provider: Provider, model: str) -> ModelSetting:
        """Return the setting that applies to a model: its own, or that of a wildcard that covers it, or else the default."""
        decided = self._decided(provider, model) if self._by_name else None
        if decided is not None:
            return decided
        tier = self._default_tier(provider, model)
        return NOTHING_SET if tier == NOTHING_SET.tier else ModelSetting(tier=tier)

    def price(self, provider: Provider, model: str) -> ListPrice | None:
        """Return the price that was set for a model, or `None`."""
        decided = self._decided(provider, model) if self._by_name else None
        return decided.price if decided is not None else None

    def decided(self, provider: Provider, model: str) -> bool:
        """Return whether there is a setting for this model, or for a wildcard that covers it."""
        return self._decided(provider, model) is not None

    def any_closed(self, provider: Provider, is_closed: Callable[[ModelSetting], bool]) -> bool:
        """Return whether `is_closed` is true for the setting of any model of `provider`."""
        prefix = f"{provider.id}/".casefold()
        return any(is_closed(self._by_name[name]) for key, name in self._by_key.items() if key.startswith(prefix))

    def _decided(self, provider: Provider, model: str) -> ModelSetting | None:
        keys = [f"{provider.id}/{name}".casefold() for name in names_of(provider, model)]
        for key in keys:
            if key in self._by_key:
                return self._by_name[self._by_key[key]]
        covering = next((pattern for pattern in self._patterns if any(covers(pattern, key) for key in keys)), None)
        return self._by_name[self._by_key[covering]] if covering is not None else None

    def stored_name(self, provider: Provider, model: str) -> str:
        """Return the full name under which the model's setting is or would be stored."""
        name = f"{provider.id}/{names_of(provider, model)[0]}"
        return self._by_key.get(name.casefold(), name)

    def stored_under(self, full_name: str) -> ModelSetting | None:
        """Return the setting stored under exactly this name."""
        return self._by_name.get(full_name)

    @property
    def names(self) -> Iterable[str]:
        """Return the full names of all models that have a setting."""
        return self._by_name.keys()


class SettingsStore(Protocol):
    """Stores settings."""

    async def load(self) -> Mapping[str, ModelSetting]:
        """Return all settings, by full name. Raises `Unavailable`."""
        ...


class ModelSettings:
    """The settings of all models. They are read together, and again after a change is announced (`models`)."""

    def __init__(self, store: SettingsStore, announcements: Announcements) -> None:
        self._store = store
        self._default_tier: DefaultTier = lambda _provider, _model: "free"
        self._cache = Cache(self._load, announcements)
        self._latest = KnownSettings({})
        self._changed = anyio.Event()
        announcements.listen("models", self._forget)

    async def current(self) -> KnownSettings:
        """Return the current settings. Raises `Unavailable` if they have changed and can't be read."""
        return await self._cache.get(_ALL) or self._latest

    def price(self, provider: Provider, model: str) -> ListPrice | None:
        """Return the price that an administrator set. It may be slightly out of date, since a call must not wait for the database."""
        return self._latest.price(provider, model)

    def default_to(self, default_tier: DefaultTier) -> None:
        """Set the function for the tier of models without a setting; until then it is `free`. Applies to settings read from now on."""
        self._default_tier = default_tier
        self._forget(None)

    async def run_forever(self) -> None:
        """Keep the settings for `price` current until cancelled. Failures of the database don't end it."""
        while True:
            changed, wait = self._changed, _RELOAD_SECONDS
            try:
                await self.current()
            except Unavailable:
                wait = _PAUSE_SECONDS
            except Exception:
                log.exception("model_settings_not_read")
                wait = _PAUSE_SECONDS
            with anyio.move_on_after(wait):
                await changed.wait()

    async def _load(self, _key: str) -> KnownSettings:
        self._latest = KnownSettings(await self._store.load(), self._default_tier)
        return self._latest

    def _forget(self, _changed: str | None) -> None:
        self._cache.remove(_ALL)
        self._changed.set()
        self._changed = anyio.Event()
