"""Which models are shown, and in what order: the filters and sorts of `GET /models`."""

import base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Literal

import msgspec

from playground.accounting.prices import Prices
from playground.kit.errors import BadInput
from playground.providers.records import ListedModel, ListPrice

from .access import ModelView
from .catalogue import ProviderList
from .categories import CategoryId, categories_of
from .default_tiers import is_local
from .model_settings import ModelSetting, Tier

Sort = Literal["provider", "name", "price", "-price", "context", "-context"]
Modality = Literal["text", "image", "audio", "video", "file"]
_Key = tuple[bool, Decimal | int | str, int, str]
"""Whether the value is unknown, which comes last; the value; the provider's place; the name."""


@dataclass(frozen=True, slots=True)
class ModelQuery:
    """Which models the user wants to see; `None` does not narrow."""

    provider: str | None = None
    search: str | None = None
    """Words, all of which must be in the full name or the display name, in any case."""
    limit: int = 1_000
    cursor: str | None = None
    """Where the page before ended."""
    category: CategoryId | None = None
    tier: Tier | None = None
    free: bool | None = None
    max_price: Decimal | None = None
    """US dollars per million tokens, of input and of output."""
    min_context: int | None = None
    """In tokens."""
    modality: Modality | None = None
    """What a model takes."""
    favourite: bool | None = None
    sort: Sort = "provider"


@dataclass(frozen=True)
class Entry:
    """One model of a list, with what is known of it. What takes a look-up is found when it is needed."""

    known: ProviderList
    place: int
    """Of the provider, in the order in which they are shown."""
    listed: ListedModel
    view: ModelView
    prices: Prices
    favourites: frozenset[str]

    @property
    def id(self) -> str:
        """The full name."""
        return f"{self.known.provider.id}/{self.listed.name}"

    @cached_property
    def setting(self) -> ModelSetting:
        """What administrators decided, or the default."""
        return self.view.settings.of(self.known.provider, self.listed.name)

    @cached_property
    def price(self) -> ListPrice | None:
        """The price now; `None`: unknown."""
        return self.prices.price(self.known.provider, self.listed.name, self.listed)

    @cached_property
    def context_window(self) -> int | None:
        """In tokens; `None`: unknown."""
        return self.prices.context_window(self.known.provider, self.listed.name, self.listed)

    @cached_property
    def categories(self) -> tuple[CategoryId, ...]:
        """By the rules in `categories.py`."""
        return categories_of(self.known.provider, self.listed)

    @property
    def display_name(self) -> str:
        """What an administrator or the provider calls it, else its name."""
        return self.setting.display_name or self.listed.display_name or self.listed.name

    @property
    def favourite(self) -> bool:
        """Whether the user marked it."""
        return self.id in self.favourites

    @property
    def free(self) -> bool:
        """Whether asking it costs no money: it is simulated, its price is 0, or it runs here and has no price."""
        if self.known.provider.simulated:
            return True
        if self.price is None:
            return self.known.provider.prices_id is None and is_local(self.known.provider.base_url)
        return self.price.input == self.price.output == 0


def select(entries: Iterable[Entry], query: ModelQuery, places: Mapping[str, int]) -> Sequence[Entry]:
    """Return the models that `query` asks for, in its order and from its cursor on.

    `places` are those of the providers by id. Raises `BadInput` for a wrong cursor.
    """
    key = _ORDERS[query.sort]
    after = None if query.cursor is None else _read_cursor(query.cursor, query.sort, places)
    wanted = sorted((entry for entry in entries if _matches(entry, query)), key=key)
    start = 0 if after is None else bisect_right(wanted, after, key=key)
    return wanted[start:]


def cursor_of(entry: Entry, sort: Sort) -> str:
    """Return the cursor after a model: in the default order its full name, else its whole place in the order."""
    if sort == "provider":
        return entry.id
    unknown, value, *_ = _ORDERS[sort](entry)
    return base64.urlsafe_b64encode(msgspec.json.encode([sort, unknown, str(value), entry.id])).decode().rstrip("=")


def _matches(entry: Entry, query: ModelQuery) -> bool:
    return all(matches(entry, query) for matches in _FILTERS)


def _matches_words(entry: Entry, query: ModelQuery) -> bool:
    words = (query.search or "").casefold().split()
    text = f"{entry.id} {entry.display_name}".casefold() if words else ""
    return all(word in text for word in words)


def _matches_price(entry: Entry, query: ModelQuery) -> bool:
    if query.max_price is None:
        return True
    return entry.price is not None and max(entry.price.input, entry.price.output) <= query.max_price


def _matches_context(entry: Entry, query: ModelQuery) -> bool:
    return query.min_context is None or (entry.context_window is not None and entry.context_window >= query.min_context)


def _matches_modality(entry: Entry, query: ModelQuery) -> bool:
    # Every model here chats, whether its provider says that it takes text or not.
    return query.modality is None or query.modality in (entry.listed.input_modalities or ("text",))


_FILTERS: tuple[Callable[[Entry, ModelQuery], bool], ...] = (
    lambda entry, query: query.provider in (None, entry.known.provider.id),
    _matches_words,
    lambda entry, query: query.tier in (None, entry.setting.tier),
    lambda entry, query: query.favourite in (None, entry.favourite),
    lambda entry, query: query.category is None or query.category in entry.categories,
    _matches_modality,
    lambda entry, query: query.free in (None, entry.free),
    _matches_price,
    _matches_context,
)
"""The cheapest first."""


def _total(entry: Entry) -> Decimal | None:
    return None if entry.price is None else entry.price.input + entry.price.output


def _by(value: Callable[[Entry], Decimal | int | None], *, falling: bool = False) -> Callable[[Entry], _Key]:
    def key(entry: Entry) -> _Key:
        found = value(entry)
        if found is None:
            return True, 0, entry.place, entry.listed.name
        return False, -found if falling else found, entry.place, entry.listed.name

    return key


_ORDERS: Mapping[Sort, Callable[[Entry], _Key]] = {
    "provider": lambda entry: (False, 0, entry.place, entry.listed.name),
    "name": lambda entry: (False, entry.display_name.casefold(), entry.place, entry.listed.name),
    "price": _by(_total),
    "-price": _by(_total, falling=True),
    "context": _by(lambda entry: entry.context_window),
    "-context": _by(lambda entry: entry.context_window, falling=True),
}


def _read_cursor(cursor: str, sort: Sort, places: Mapping[str, int]) -> _Key:
    if sort == "provider":
        provider_id, _, name = cursor.partition("/")
        if provider_id not in places:
            raise BadInput.at("cursor", f"names a provider that is not set up. Providers that are: {', '.join(places) or 'none'}.")
        return False, 0, places[provider_id], name
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        made_for, unknown, value, full_name = msgspec.json.decode(text, type=tuple[Sort, bool, str, str])
        place: Decimal | str = value if sort == "name" else Decimal(value)
        if made_for != sort or (isinstance(place, Decimal) and not place.is_finite()):
            raise ValueError
    except (ValueError, InvalidOperation, msgspec.DecodeError):
        raise BadInput.at("cursor", "is from another list; send the `nextCursor` of the previous page, with the same `sort`") from None
    provider_id, _, name = full_name.partition("/")
    return unknown, place, places.get(provider_id, len(places)), name
