"""From the name that somebody wrote to the model that is meant, or to a message that helps."""

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

Fits = Callable[[Provider, str], bool]
"""Whether a model, by its provider's own name, is one of those that are wanted."""


class KnownList(Protocol):
    """One provider and what is known of its models; `fetched_at` is `None` when that is nothing."""

    @property
    def provider(self) -> Provider: ...
    @property
    def models(self) -> Mapping[str, ListedModel]: ...
    @property
    def fetched_at(self) -> datetime | None: ...


class View(Protocol):
    """The models as somebody sees them."""

    def shows(self, provider: Provider, model: str) -> bool:
        """Whether they may know of it."""
        ...

    def allows(self, provider: Provider, model: str) -> bool:
        """Whether they may use it."""
        ...


class _All:
    """Everything is shown and allowed."""

    def shows(self, _provider: Provider, _model: str) -> bool:
        return True

    allows = shows


ALL: View = _All()


@dataclass(frozen=True, slots=True)
class ResolvedModel:
    """A model that a request can be sent to."""

    provider: Provider
    model: str
    """The provider's own name of it."""
    listed: ListedModel | None
    """Its line in the provider's list; `None`: that has none, or was never fetched."""
    nearest: Callable[[], Sequence[str]] | None = field(default=None, compare=False)
    """Finds the listed models whose names are nearest, for a model that is not listed, and may be a mistake."""

    @property
    def full_name(self) -> str:
        """As `groq/llama-3.3-70b-versatile`."""
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
        """Full names of the nearest known models, the nearest first."""


class Resolver:
    """Resolves names against one state of the lists."""

    def __init__(self, lists: Sequence[KnownList]) -> None:
        self._lists = {known.provider.id: known for known in lists}
        self._not_set_up = {provider.id: provider for provider in BUILTIN if provider.id not in self._lists}
        self._suggestions: Suggestions | None = None

    def resolve(self, name: str, *, field: str, view: View = ALL) -> ResolvedModel:
        """`provider/model` when the first part is a configured provider, else a bare name, looked up in all lists in their order.

        A name that starts with a configured provider never falls through to another one: its prompt must not end up elsewhere. It need
        not be listed, since lists leave out aliases, presets, adapters, and what a wildcard stands for. A bare name means the first
        listed model that `view` allows, else the first that it shows. Raises `UnknownModel`.
        """
        provider_id, slash, model = name.partition("/")
        known = self._lists.get(provider_id) if slash else None
        found = _named(known, model) if known is not None else self._looked_up(name, view)
        if found is None:
            raise self._unknown(name, field, view)
        return found if found.listed is not None else replace(found, nearest=lambda: self.nearest(name, view.shows))

    def nearest(self, name: str, fits: Fits) -> list[str]:
        """The full names of the known models nearest to `name` among those that fit: at most three, the nearest first."""
        if self._suggestions is None:
            self._suggestions = Suggestions(
                f"{listed.provider.id}/{model}" for listed in self._lists.values() for model in listed.models if not is_pattern(model)
            )
        return self._suggestions.nearest(name, lambda full_name: self._fits(full_name, fits))

    def _fits(self, full_name: str, fits: Fits) -> bool:
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
            sentences = [f"{_quoted(name)} stands for many models: write the name of one in place of the *."]
        elif known is not None:
            sentences = [f"{known.provider.name} has no model {_quoted(model)}."]
        elif missing is not None:
            sentences = [
                f"{_quoted(name)} can't be used: {missing.name} is not set up. Set {_variables(missing)}, or store a key of your own."
            ]
        else:
            sentences = [f"No provider lists a model {_quoted(name)}."]
            unread = [listed.provider.id for listed in self._lists.values() if listed.fetched_at is None]
            if unread:
                sentences.append(
                    f"Not known yet are the lists of {joined(unread, 'and')}: write the provider before the name, as {unread[0]}/…."
                )
        nearest = self.nearest(name, view.shows)
        if nearest:
            sentences.append(f"Did you mean {joined(nearest, 'or')}?")
        detail = " ".join(sentences)
        return UnknownModel(detail, errors=[FieldError(field, detail)], suggestions=nearest)


def line_of(known: KnownList, model: str) -> ListedModel | None:
    """The line of `model` in its provider's list, in whichever of its forms the list shows it."""
    return next((known.models[form] for form in known.provider.listed_as(model) if form in known.models), None)


def _named(known: KnownList, model: str) -> ResolvedModel | None:
    """The model of a provider that was named with it, listed or not. The simulator's list alone is complete."""
    offered = _offered(known, model)
    if offered is not None or (known.provider.simulated and known.fetched_at is not None):
        return offered
    written = known.provider.listed_as(model)[0]
    return ResolvedModel(known.provider, written, None) if is_askable(written) else None


def is_askable(model: str) -> bool:
    """Whether a name that no list has can be a model's at all."""
    return any(map(str.isalnum, model)) and model.isprintable() and model == model.strip() and not is_pattern(model)


def _offered(known: KnownList, model: str) -> ResolvedModel | None:
    provider, listed = known.provider, line_of(known, model)
    if listed is None or is_pattern(listed.name):
        return None
    # The end of `org/model:groq` must reach the provider. Other forms are two names of one model, of which the listed one is used.
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
    """As `a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"
