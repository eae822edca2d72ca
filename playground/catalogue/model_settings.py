"""What administrators decided about models, known without a query for every request."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import anyio
import structlog

from playground.kit.announcements import Announcements
from playground.kit.cache import Remembered
from playground.kit.errors import Unavailable
from playground.providers.records import ListPrice, Provider

from .wildcards import covers, is_pattern

Tier = Literal["free", "premium", "hidden"]
"""`free`: for everybody with an account. `premium`: for premium users and administrators. `hidden`: for administrators alone."""

DefaultTier = Callable[[Provider, str], Tier]
"""The tier of a provider's model that no administrator decided about."""

_ALL = "all"
_RELOAD_SECONDS = 60.0
_PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ModelSetting:
    """What was decided about one model. Without a decision all defaults apply, except that the tier is the `DefaultTier`."""

    active: bool = True
    tier: Tier = "free"
    display_name: str | None = None
    """Shown in place of the provider's own."""
    price: ListPrice | None = None
    """Above every other source."""


NOTHING_SET = ModelSetting()


def names_of(provider: Provider, model: str) -> tuple[str, ...]:
    """The provider's names of `model` under which it may have a setting, the closest first.

    A setting of `org/model` holds for `org/model:route` as well, unless that has one of its own. `llama3.2` and `llama3.2:latest` are
    one model, whose settings are kept under the second.
    """
    forms = provider.listed_as(model)
    return forms[-1:] if provider.quirks.default_tag is not None else forms


class KnownSettings:
    """The settings of all models at one time, by full name; in any case of letters, since some providers take any."""

    def __init__(self, settings: Mapping[str, ModelSetting], default_tier: DefaultTier = lambda _provider, _model: "free") -> None:
        self._by_name = settings
        self._default_tier = default_tier
        self._by_key = {name.casefold(): name for name in settings}
        self._patterns = sorted((key for key in self._by_key if is_pattern(key)), key=len, reverse=True)
        """In lower case, the most exact first: the one with the longest text."""

    def of(self, provider: Provider, model: str) -> ModelSetting:
        """What applies to a model: what was decided about it or a wildcard that covers it, else the default with its tier."""
        decided = self._decided(provider, model) if self._by_name else None
        if decided is not None:
            return decided
        tier = self._default_tier(provider, model)
        return NOTHING_SET if tier == NOTHING_SET.tier else ModelSetting(tier=tier)

    def price(self, provider: Provider, model: str) -> ListPrice | None:
        """The price that was set for a model."""
        decided = self._decided(provider, model) if self._by_name else None
        return decided.price if decided is not None else None

    def decided(self, provider: Provider, model: str) -> bool:
        """Whether an administrator decided about this model, or about a wildcard that covers it."""
        return self._decided(provider, model) is not None

    def any_closed(self, provider: Provider, is_closed: Callable[[ModelSetting], bool]) -> bool:
        """Whether any setting of a model of `provider` is one that `is_closed`."""
        prefix = f"{provider.id}/".casefold()
        return any(is_closed(self._by_name[name]) for key, name in self._by_key.items() if key.startswith(prefix))

    def _decided(self, provider: Provider, model: str) -> ModelSetting | None:
        keys = [f"{provider.id}/{name}".casefold() for name in names_of(provider, model)]
        for key in keys:
            if key in self._by_key:
                return self._by_name[self._by_key[key]]
        covering = next((pattern for pattern in self._patterns if any(covers(pattern, key) for key in keys)), None)
        return self._by_name[self._by_key[covering]] if covering is not None else None

    def kept_as(self, provider: Provider, model: str) -> str:
        """The full name under which the model's own setting is kept, or would be."""
        name = f"{provider.id}/{names_of(provider, model)[0]}"
        return self._by_key.get(name.casefold(), name)

    def own(self, full_name: str) -> ModelSetting | None:
        """The setting that is kept under exactly this name."""
        return self._by_name.get(full_name)

    @property
    def names(self) -> Iterable[str]:
        """The full names of all models that have a setting."""
        return self._by_name.keys()


class SettingsStore(Protocol):
    """Where settings are kept."""

    async def load(self) -> Mapping[str, ModelSetting]:
        """All of them, by full name. Raises `Unavailable`."""
        ...


class ModelSettings:
    """The settings of all models. They are read together, and again when somebody announces a change of one (`models`)."""

    def __init__(self, store: SettingsStore, announcements: Announcements) -> None:
        self._store = store
        self._default_tier: DefaultTier = lambda _provider, _model: "free"
        self._remembered = Remembered(self._load, announcements)
        self._latest = KnownSettings({})
        self._changed = anyio.Event()
        announcements.listen("models", self._forget)

    async def current(self) -> KnownSettings:
        """The settings as they are now. Raises `Unavailable` when they changed and can't be read."""
        return await self._remembered.get(_ALL) or self._latest

    def price(self, provider: Provider, model: str) -> ListPrice | None:
        """The price that an administrator set. As of a moment ago at most: a call that ends must not wait for the database."""
        return self._latest.price(provider, model)

    def default_to(self, default_tier: DefaultTier) -> None:
        """Say which tier a model is in that no one decided about; without this it is `free`. Applies to what is read from now on."""
        self._default_tier = default_tier
        self._forget(None)

    async def run_forever(self) -> None:
        """Keep what `price` knows current until cancelled. No failure of the database ends it."""
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
        self._remembered.forget(_ALL)
        self._changed.set()
        self._changed = anyio.Event()
