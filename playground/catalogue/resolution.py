"""Finds the model for a name, or reports a helpful error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar, Protocol

from playground.kit.errors import BadInput, FieldError
from playground.providers.builtin import BUILTIN
from playground.providers.records import ListedModel, Provider

from .suggestions import Suggestions
from .wildcards import is_pattern

_SHOWN_CHARACTERS = 100

ModelFilter = Callable[[Provider, str], bool]
"""Returns whether a model, by its provider's name for it, should be included."""


class KnownList(Protocol):
    """One provider and its list of models; `fetched_at` is `None` if the list was never fetched."""

    @property
    def provider(self) -> Provider: ...
    @property
    def models(self) -> Mapping[str, ListedModel]: ...
    @property
    def fetched_at(self) -> datetime | None: ...


class View(Protocol):
    """Which models a user can see and use."""

    def shows(self, provider: Provider, model: str) -> bool:
        """Return whether the model is visible to the user."""
        ...

    def allows(self, provider: Provider, model: str) -> bool:
        """Return whether the user may use the model."""
        ...


class _All:
    """A view in which every model is visible and allowed."""

    def shows(self, _provider: Provider, _model: str) -> bool:
        return True

    allows = shows


ALL: View = _All()


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model that a request can be sent to."""

    provider: Provider
    model: str
    """The provider's name for it."""
    listed: ListedModel | None
    """Its entry in the provider's list; `None` if it isn't listed, or if the list was never fetched."""
    nearest: Callable[[], Sequence[str]] | None = field(default=None, compare=False)
    """Finds listed models with similar names, if this model is not listed and its name may be misspelt."""

    @property
    def full_name(self) -> str:
        """Return the full name, such as `groq/llama-3.3-70b-versatile`."""
        return f"{self.provider.id}/{self.model}"


class UnknownModel(BadInput):
    """No configured provider has such a model."""

    title = "No such model"
    code = "unknown_model"
    example: ClassVar[Mapping[str, Any]] = {
        "detail": 'Simulator has no model "quikc". Did you mean sim/quick?',
        "errors": [{"field": "models.0", "message": 'Simulator has no model "quikc". Did you mean sim/quick?'}],
    }

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), suggestions: Sequence[str] = ()) -> None:
        super().__init__(detail, errors=errors)
        self.suggestions = tuple(suggestions)
        """Full names of known models with similar names, the most similar first."""


class Resolver:
    """Resolves names with one snapshot of the lists."""

    def __init__(self, lists: Sequence[KnownList]) -> None:
        self._lists = {known.provider.id: known for known in lists}
        self._not_set_up = {provider.id: provider for provider in BUILTIN if provider.id not in self._lists}
        self._suggestions: Suggestions | None = None

    def resolve(self, name: str, *, field: str, view: View = ALL) -> ResolvedModel:
        """Return the model for `provider/model` if the first part is a configured provider; otherwise look the name up in all lists.

        A name that starts with a configured provider never falls through to another one, since its prompt must not be sent elsewhere. It
        doesn't have to be listed, since lists omit aliases, presets, adapters and the models of a wildcard. For a bare name, it is the
        first listed model that `view` allows, or else the first that it shows. Raises `UnknownModel`.
        """
        provider_id, slash, model = name.partition("/")
        known = self._lists.get(provider_id) if slash else None
        found = _named(known, model) if known is not None else self._looked_up(name, view)
        if found is None:
            raise self._unknown(name, field, view)
        return found if found.listed is not None else replace(found, nearest=lambda: self.nearest(name, view.shows))

    def nearest(self, name: str, fits: ModelFilter) -> list[str]:
        """Return the full names of at most three models that fit and whose names are similar to `name`, the most similar first."""
        if self._suggestions is None:
            self._suggestions = Suggestions(
                f"{listed.provider.id}/{model}" for listed in self._lists.values() for model in listed.models if not is_pattern(model)
            )
        return self._suggestions.nearest(name, lambda full_name: self._fits(full_name, fits))

    def _fits(self, full_name: str, fits: ModelFilter) -> bool:
        provider_id, _, model = full_name.partition("/")
        return fits(self._lists[provider_id].provider, model)

    def _looked_up(self, name: str, view: View) -> ResolvedModel | None:
        offered = [_offered(listed, name) for listed in self._lists.values()]
        shown = [found for found in offered if found is not None and view.shows(found.provider, found.model)]
        return next((found for found in shown if view.allows(found.provider, found.model)), shown[0] if shown else None)

    def _unknown(self, name: str, field: str, view: View) -> UnknownModel:
        provider_id, slash, model = name.partition("/")
        known = self._lists.get(provider_id) if slash else None
        missing = self._not_set_up.get(provider_id) if slash else None
        if is_pattern(model if known is not None else name):
            sentences = [f"{_quoted(name)} is a wildcard. Use the name of one model instead."]
        elif known is not None:
            sentences = [f"{known.provider.name} has no model {_quoted(model)}."]
        elif missing is not None:
            sentences = [f"{_quoted(name)} can't be used: {missing.name} is not set up. Set {_variables(missing)}, or add your own key."]
        else:
            sentences = [f"No provider lists a model {_quoted(name)}."]
            unread = [listed.provider.id for listed in self._lists.values() if listed.fetched_at is None]
            if unread:
                sentences.append(
                    f"The lists of {joined(unread, 'and')} are not loaded yet; for their models, use the full name, such as {unread[0]}/…."
                )
        nearest = self.nearest(name, view.shows)
        if nearest:
            sentences.append(f"Did you mean {joined(nearest, 'or')}?")
        detail = " ".join(sentences)
        return UnknownModel(detail, errors=[FieldError(field, detail)], suggestions=nearest)


def listed_entry(known: KnownList, model: str) -> ListedModel | None:
    """Return the entry of `model` in its provider's list, under any of its names."""
    return next((known.models[form] for form in known.provider.listed_as(model) if form in known.models), None)


def _named(known: KnownList, model: str) -> ResolvedModel | None:
    """Return a provider's model by its name, listed or not. Only the simulator's list is known to be complete."""
    offered = _offered(known, model)
    if offered is not None or (known.provider.simulated and known.fetched_at is not None):
        return offered
    written = known.provider.listed_as(model)[0]
    return ResolvedModel(known.provider, written, None) if is_askable(written) else None


def is_askable(model: str) -> bool:
    """Return whether a name that is not listed can be the name of a model."""
    return any(map(str.isalnum, model)) and model.isprintable() and model == model.strip() and not is_pattern(model)


def _offered(known: KnownList, model: str) -> ResolvedModel | None:
    provider, listed = known.provider, listed_entry(known, model)
    if listed is None or is_pattern(listed.name):
        return None
    # The suffix of `org/model:groq` must be sent to the provider. Other forms are two names of one model; the listed one is used.
    return ResolvedModel(provider, provider.listed_as(model)[0] if provider.quirks.routes else listed.name, listed)


def _variables(provider: Provider) -> str:
    address = f"{provider.id.upper()}_BASE_URL"
    if provider.key_variable is None:
        return address
    return provider.key_variable if provider.needs_key else f"{address} or {provider.key_variable}"


def _quoted(name: str) -> str:
    shown = name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "…"
    return f'"{shown}"'


def joined(names: Sequence[str], last: str) -> str:
    """Return the names as a list in a sentence, such as `a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
