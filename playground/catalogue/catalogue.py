"""The lists of models of all configured providers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Literal, Protocol
from urllib.parse import urlsplit

import structlog
from anyio import Event, Lock, create_task_group, move_on_after, sleep

from playground.database.client import DatabaseAway
from playground.kit.announcements import Announcements
from playground.providers.errors.kinds import ProviderError
from playground.providers.records import ListedModel, Provider
from playground.providers.registry import Providers

from .repository import CatalogueRepository, StoredList
from .resolution import ALL, ModelFilter, ResolvedModel, Resolver, UnknownModel, View, listed_entry

__all__ = ["Catalogue", "ListState", "ModelLister", "ProviderList", "ResolvedModel", "UnknownModel"]

log = structlog.get_logger(__name__)

ListState = Literal["loading", "ok", "stale", "failed"]

_MOST_BACKOFF_STEPS = 16
_NO_ANSWER = frozenset({"unreachable", "timed_out"})
"""Codes of errors of a provider that sent no answer."""
_MOST_NAMED = 10
"""Models in one line of the log."""


class ModelLister(Protocol):
    """Fetches a provider's list of models."""

    async def list_models(self, provider: Provider) -> Sequence[ListedModel]:
        """Return the provider's list. Raises `ProviderError`."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderList:
    """One provider's list of models, as last fetched."""

    provider: Provider
    models: Mapping[str, ListedModel] = field(default_factory=dict)
    """By the provider's name for the model, in the provider's order."""
    fetched_at: datetime | None = None
    """When the list was last fetched; `None` if never, so the provider's models are unknown."""
    current: bool = False
    """The last attempt in this process succeeded."""
    failure: str | None = None
    """Why the last attempt failed."""
    failure_code: str | None = None
    """The code of that error; `None` also for an error of our own."""
    added: frozenset[str] = frozenset()
    """Names of models that administrators added by hand."""

    @property
    def reachable(self) -> bool | None:
        """Return whether the provider answered the last attempt, with a list or an error; `None`: there was none yet."""
        if self.current:
            return True
        return None if self.failure is None else self.failure_code not in _NO_ANSWER

    @property
    def state(self) -> ListState:
        """Return `ok` if the last attempt succeeded, `stale` if the list is from an earlier attempt, perhaps of an earlier process.

        Without a list: `loading` until the first attempt is over, then `failed`.
        """
        if self.current:
            return "ok"
        if self.fetched_at is not None:
            return "stale"
        return "loading" if self.failure is None else "failed"


class Catalogue:
    """The models of every configured provider: restored from the database at the start, then fetched regularly.

    If a fetch fails, the last list is kept.
    """

    def __init__(
        self,
        providers: Providers,
        lister: ModelLister,
        repository: CatalogueRepository,
        *,
        refresh_seconds: float,
        retry_seconds: float = 5,
    ) -> None:
        """A failed attempt is retried after `retry_seconds`, then after twice as long, and so on, up to `refresh_seconds`."""
        self._lister = lister
        self._repository = repository
        self._refresh_seconds = refresh_seconds
        self._retry_seconds = retry_seconds
        self._fetched = {provider.id: ProviderList(provider) for provider in providers.all()}
        """As the providers gave them."""
        self._added: Mapping[str, Mapping[str, ListedModel]] = {}
        """By provider and name, the models that administrators added by hand."""
        self._lists = dict(self._fetched)
        """Both together."""
        self._news = Event()
        self._locks = {provider_id: Lock() for provider_id in self._lists}
        self._attempted = {provider_id: Event() for provider_id in self._lists}
        self._resolver: Resolver | None = None

    @property
    def lists(self) -> tuple[ProviderList, ...]:
        """Return all lists, in the order of the providers."""
        return tuple(self._lists.values())

    def list_of(self, provider_id: str) -> ProviderList | None:
        """Return one provider's list, or `None` if no such provider is configured."""
        return self._lists.get(provider_id)

    def resolve(self, name: str, *, field: str = "model", view: View = ALL) -> ResolvedModel:
        """Return the model with this name, such as `groq/llama-3.3-70b-versatile` or `gpt-4o-mini`, among those that `view` shows.

        Raises `UnknownModel`, which names `field`, the path in the request, and suggests models with similar names.
        """
        return self._current_resolver().resolve(name, field=field, view=view)

    def nearest(self, name: str, fits: ModelFilter) -> list[str]:
        """Return the full names of at most three models that fit and whose names are similar to `name`, the most similar first."""
        return self._current_resolver().nearest(name, fits)

    def listed(self, provider: Provider, model: str) -> ListedModel | None:
        """Return the entry of `model` in the last list of `provider`, or `None` if there is none."""
        known = self._lists.get(provider.id)
        return listed_entry(known, model) if known is not None else None

    async def run_forever(self) -> None:
        """Keep every list current until cancelled. Failures of a provider or the database don't end it."""
        async with create_task_group() as group:
            group.start_soon(self._restore)
            group.start_soon(self._take_news)
            for provider_id in self._lists:
                group.start_soon(self._keep_current, provider_id)

    async def first_lists(self, timeout: float) -> None:
        """Wait at most `timeout` seconds for the first lists of providers on this machine, such as the simulator."""
        with move_on_after(timeout):
            for known in self.lists:
                if known.provider.simulated or _is_local(known.provider.base_url):
                    await self._attempted[known.provider.id].wait()

    async def refresh(self, provider_id: str) -> ProviderList:
        """Fetch one provider's list now and store it. If that fails, the last list stays and is stale.

        Raises `KeyError` if no such provider is configured.
        """
        async with self._locks[provider_id]:
            known = await self._fetch(self._lists[provider_id].provider)
            self._set(known)
            self._attempted[provider_id].set()
            if known.current and known.fetched_at is not None:
                with _tolerated("model_list_not_stored", provider=provider_id):  # It is in memory, and the next one is stored again.
                    await self._repository.save(provider_id, StoredList(tuple(known.models.values()), known.fetched_at))
        return known

    def listen(self, announcements: Announcements) -> None:
        """Take over what other processes fetched or added, when they announce it."""
        announcements.listen("catalogue", lambda _changed: self._news.set())

    async def reload(self) -> None:
        """Read the models that were added by hand, and lists that other processes fetched later than this one. Raises `Unavailable`."""
        self._added = await self._repository.added()
        stored = await self._repository.load()
        for provider_id, known in list(self._fetched.items()):
            last = stored.get(provider_id)
            newer = last is not None and (known.fetched_at is None or known.fetched_at < last.fetched_at)
            self._set(replace(known, models=_by_name(last.models), fetched_at=last.fetched_at) if last is not None and newer else known)

    async def _take_news(self) -> None:
        while True:
            await self._news.wait()
            self._news = Event()
            with _tolerated("catalogue_news_not_read"):  # The next news or the next list brings them.
                await self.reload()

    async def _keep_current(self, provider_id: str) -> None:
        failures = 0
        while True:
            known = await self.refresh(provider_id)
            failures = 0 if known.current else min(failures + 1, _MOST_BACKOFF_STEPS)
            pause = self._retry_seconds * 2 ** (failures - 1) if failures else self._refresh_seconds
            await sleep(min(pause, self._refresh_seconds))

    async def _fetch(self, provider: Provider) -> ProviderList:
        try:
            models = await self._lister.list_models(provider)
        except ProviderError as error:
            log.warning("model_list_failed", provider=provider.id, reason=str(error))
            failure, code = str(error), error.code
        except Exception as error:
            # A defect in one list must affect neither the others nor the service.
            log.exception("model_list_broken", provider=provider.id)
            failure = f"The list of models of {provider.name} can't be read ({type(error).__name__})."
            code = None
        else:
            log.info("model_list_fetched", provider=provider.id, models=len(models))
            unpriced = [model for model in models if model.price_note is not None]
            if unpriced:
                names = [model.name for model in unpriced[:_MOST_NAMED]]
                log.warning("listed_prices_ignored", provider=provider.id, count=len(unpriced), models=names, reason=unpriced[0].price_note)
            return ProviderList(provider, _by_name(models), datetime.now(UTC), current=True)
        return replace(self._fetched[provider.id], current=False, failure=failure, failure_code=code)

    async def _restore(self) -> None:
        with _tolerated("model_lists_not_restored"):  # They are about to be fetched.
            await self.reload()

    def _current_resolver(self) -> Resolver:
        if self._resolver is None:
            self._resolver = Resolver(self.lists)
        return self._resolver

    def _set(self, known: ProviderList) -> None:
        provider_id = known.provider.id
        self._fetched[provider_id] = known
        added = self._added.get(provider_id)
        # What the provider itself says of a model comes before what an administrator entered.
        both = known if not added else replace(known, models={**known.models, **_missing(added, known.models)}, added=frozenset(added))
        self._lists[provider_id] = both
        self._resolver = None


@contextmanager
def _tolerated(event: str, **fields: str) -> Iterator[None]:
    """Log a failure of the database and continue, since the catalogue works without it."""
    try:
        yield
    except DatabaseAway as error:
        log.warning(event, reason=str(error), **fields)
    except Exception:
        log.exception(event, **fields)


def _by_name(models: Iterable[ListedModel]) -> dict[str, ListedModel]:
    return {model.name: model for model in models}


def _missing(added: Mapping[str, ListedModel], models: Mapping[str, ListedModel]) -> dict[str, ListedModel]:
    return {name: model for name, model in added.items() if name not in models}


def _is_local(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
