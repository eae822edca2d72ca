"""Prices in providers' lists of models: which fields contain them, and for how many tokens each amount is.

Lists differ in both. A list may state the unit next to the amounts (`unit: per_million_tokens`) or in their names (`input_cost_per_token`),
and is then believed. Most state none: `prompt` and `completion` are per token (OpenRouter), `input` and `output` per million (Together,
Hugging Face) or per token (Vercel), which their size shows. Unreasonable prices are ignored, whatever the cause, since they would use up a
budget immediately.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from playground.kit.text import clean

from .loose_values import amount_of
from .records import ListPrice

DEAREST_INPUT, DEAREST_OUTPUT = Decimal(150), Decimal(600)
"""US dollars per million tokens of the most expensive model in `genai-prices` (o1-pro); a test compares them with the installed lists."""
_BELIEVED = 100
"""The highest believed price, as a multiple of the most expensive model, if the list states the unit,"""
_BELIEVED_UNSAID = 10
"""and if the unit is only assumed."""
_PER_TOKEN_BELOW = Decimal("0.001")
"""An `input` or `output` below this is per token: per million it would be a third of the cheapest model's price, and per token 1,000
dollars would exceed the most expensive one's."""

_TOKENS_PER_UNIT: Mapping[str, int] = {"token": 1, "thousand": 1_000, "million": 1_000_000}
_MILLION = 1_000_000
_MOST_EXPONENT = 30
"""The longest written price. Prices are written in full, and `1e-99999` would be 100 KB of zeros."""
_LONGEST_WORD = 100

_UNITS = (
    ("million", re.compile(r"\bmillions?\b|\b1?m(tok(en)?s?)?\b|\b1000000\b|\b1e6\b")),
    ("thousand", re.compile(r"\bthousands?\b|\b1?k(tok(en)?s?)?\b|\b1000\b|\b1e3\b")),
    ("token", re.compile(r"\btok(en)?s?\b|^1$")),
)
_UNIT_NAMES = ("unit", "units", "per", "pricing_unit", "price_unit", "unit_type")
_PRICING_NAMES = ("pricing", "price", "prices")
_WITHIN = ("metadata", "model_info", "model_spec")
"""The objects in which DeepInfra, LiteLLM and Venice put their data about a model."""
_NAMES_A_PRICE = re.compile("price|cost", re.IGNORECASE)
"""Next to other figures of a model, `input_tokens` is not a price."""
_DOLLAR_NAMES = ("usd", "USD", "amount", "price", "value")
_FILLERS = frozenset({"price", "prices", "cost", "costs", "rate", "token", "tokens", "text", "usd", "per", "million", "thousand"})
_FILLERS |= {"1m", "mtok", "1k"}
_ROLES: Mapping[frozenset[str], str] = {
    frozenset({"input"}): "input",
    frozenset({"prompt"}): "input",
    frozenset({"output"}): "output",
    frozenset({"completion"}): "output",
    frozenset({"cached"}): "cached",
    frozenset({"cached", "input"}): "cached",
    frozenset({"cached", "prompt"}): "cached",
    frozenset({"cache", "input"}): "cached",
    frozenset({"cache", "read"}): "cached",
    frozenset({"cache", "hit"}): "cached",
    frozenset({"cache", "read", "input"}): "cached",
    frozenset({"cache", "hit", "input"}): "cached",
}


class ReadPrice(NamedTuple):
    """The price in an entry of a list."""

    price: ListPrice | None = None
    note: str | None = None
    """A sentence on why the price is unknown although the list has one."""


class _Amount(NamedTuple):
    amount: Decimal
    unit: str | None
    """The unit in its name."""
    per_token_by_custom: bool
    """Its name is `prompt` or `completion`, which are per token by convention."""


def read_price(entry: Mapping[str, object]) -> ReadPrice:
    """Return the price in an entry of a list of models, per million tokens."""
    found = list(_found(entry))
    return next((read for read in found if read.price is not None), found[0] if found else ReadPrice())


def _found(entry: Mapping[str, object]) -> Iterator[ReadPrice]:
    for place in (entry, *(inner for name in _WITHIN if isinstance(inner := entry.get(name), Mapping))):
        for name in _PRICING_NAMES:
            if isinstance(pricing := place.get(name), Mapping) and (read := _price(_amounts(pricing), pricing, place)):
                yield read
        amounts = _amounts({name: value for name, value in place.items() if _NAMES_A_PRICE.search(name)})
        if read := _price(amounts, {}, place):
            yield read


def is_believable(price: ListPrice) -> bool:
    """Return whether a model could cost that much."""
    return _within(price, _BELIEVED)


def _amounts(pricing: Mapping[str, object]) -> dict[str, _Amount]:
    """Return the amounts by role; if two names have the same role, the first one counts."""
    amounts: dict[str, _Amount] = {}
    for name, value in pricing.items():
        words = _words(name)
        role = _ROLES.get(frozenset(words) - _FILLERS)
        amount = _amount(value) if role is not None else None
        if role is None or amount is None:
            continue
        unit = _unit(" ".join(words)) if "per" in words or "mtok" in words else None
        amounts.setdefault(role, _Amount(amount, unit, bool({"prompt", "completion"} & set(words))))
    return amounts


def _price(amounts: Mapping[str, _Amount], pricing: Mapping[str, object], entry: Mapping[str, object]) -> ReadPrice | None:
    if "input" not in amounts or "output" not in amounts:
        return None
    currency = pricing.get("currency", entry.get("currency"))
    if isinstance(currency, str) and currency.strip().lower() not in {"", "usd", "$", "us$"}:
        return ReadPrice(note=f"The list states the price in {_shown(currency)}, not in US dollars.")
    said = next((value for place in (pricing, entry) for name in _UNIT_NAMES if (value := _text(place.get(name)))), None)
    unit = amounts["input"].unit or (_unit(said) if said is not None else None)
    if said is not None and unit is None:
        return ReadPrice(note=f'The list states the price per "{_shown(said)}", not per token.')
    return _in_unit(amounts, unit) if unit is not None else _in_usual_unit(amounts)


def _in_unit(amounts: Mapping[str, _Amount], unit: str) -> ReadPrice:
    price = _per_million(amounts, unit)
    return ReadPrice(price) if _within(price, _BELIEVED) else ReadPrice(note=_not_believed(price))


def _in_usual_unit(amounts: Mapping[str, _Amount]) -> ReadPrice:
    per_token, highest = amounts["input"].per_token_by_custom, max(amounts["input"].amount, amounts["output"].amount)
    if highest == 0 and not per_token:
        return ReadPrice()  # Together's form for models that are not billed per token.
    price = _per_million(amounts, "token" if per_token or highest < _PER_TOKEN_BELOW else "million")
    if _within(price, _BELIEVED_UNSAID):
        return ReadPrice(price)
    return ReadPrice(note=f"The list doesn't state the unit of the price {highest.normalize():f}. {_not_believed(price)}")


def _per_million(amounts: Mapping[str, _Amount], unit: str) -> ListPrice:
    def dollars(role: str) -> Decimal:
        return amounts[role].amount * _MILLION / _TOKENS_PER_UNIT[amounts[role].unit or unit]

    return ListPrice(dollars("input"), dollars("output"), dollars("cached") if "cached" in amounts else None)


def _within(price: ListPrice, times: int) -> bool:
    cached = price.cached_input or Decimal(0)
    return max(price.input, cached) <= times * DEAREST_INPUT and price.output <= times * DEAREST_OUTPUT


def _not_believed(price: ListPrice) -> str:
    amounts = f"{price.input.normalize():,f} and {price.output.normalize():,f} US dollars per million tokens"
    return f"{amounts} (input and output) are far above the price of any known model, so the price counts as unknown."


def _unit(text: str) -> str | None:
    words = " ".join(_words(re.sub(r"(?<=\d)[,_.' ](?=\d{3})", "", text)))
    return next((unit for unit, pattern in _UNITS if pattern.search(words)), None)


def _words(name: str) -> list[str]:
    """Split names such as `inputCostPerToken` and `input_cost-per token` into words in lower case."""
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:_LONGEST_WORD]).lower())


def _text(value: object) -> str | None:
    if isinstance(value, str):
        return value.strip()[:_LONGEST_WORD] or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _shown(text: str) -> str:
    return clean(text.strip()[:_LONGEST_WORD])


def _amount(value: object) -> Decimal | None:
    """Return the amount in `0.15`, `"0.15"`, `"$0.15"` or `{"usd": 0.15}`, or `None` if it is negative, which means that it varies."""
    if isinstance(value, Mapping):
        value = next((value[name] for name in _DOLLAR_NAMES if name in value), None)
    if isinstance(value, str):
        value = value.strip().removeprefix("$")
    amount = amount_of(value)
    if amount is None or abs(amount.adjusted()) > _MOST_EXPONENT:
        return None
    return amount
