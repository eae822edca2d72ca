"""The token counts of one call, merged from everything that the provider reported, in the service's terms.

Servers report a usage once, with every chunk, or in parts: the input with the first chunk, the output with the last, zeros for unknown
values. So each number is merged separately: a later positive one replaces an earlier one. Text after a usage outdates its output count,
which can't include that text.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import structlog

from playground.providers.calls import Usage
from playground.providers.records import Provider

from .reported_usage import ChunkUsage, CostDetails, InputDetails

_MOST_TOKENS = 5 * 10**8
"""From here on a number is an error. Prices refuse twice as much, and the database has 32 bits for the usage of three attempts."""
_MOST_DOLLARS = Decimal(1_000_000)
_TICKS_PER_DOLLAR = 10**10
"""Source: xAI, "Cost Tracking"."""
_Number = TypeVar("_Number", int, Decimal)

_logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class UsageTally:
    """The numbers of one answer's usage so far. `None`: not reported."""

    reports: int = 0
    """The number of reports with a count or a cost."""
    input: int | None = None
    output: int | None = None
    total: int | None = None
    cached: int | None = None
    """Read from the cache, usually part of the input."""
    cache_read: int | None = None
    """The same under Anthropic's name, which is often not part of the input."""
    cache_write: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    cost: Decimal | None = None
    upstream_cost: Decimal | None = None
    is_byok: bool = False
    anthropic: bool = False
    """In the format of Anthropic's own API, in which cached tokens are never part of the input."""

    def add(self, told: ChunkUsage, beside: Decimal | None = None) -> bool:
        """Add the report of a payload; `beside` is a cost next to it. False if it has no numbers."""
        prompt, output, total = told.prompt_tokens, told.completion_tokens, told.total_tokens
        if not prompt and told.input_tokens is not None:
            prompt = told.input_tokens
        if not output and told.output_tokens is not None:
            output = told.output_tokens
        cost = _cost(told, beside)
        if not (prompt or output or total or cost):
            return False
        self.reports += 1
        self.input, self.output, self.total = _later(self.input, prompt), _later(self.output, output), _later(self.total, total)
        if cost is not None:
            self.cost = _later(self.cost, cost)
            self.is_byok = self.is_byok or told.is_byok
            self.upstream_cost = _later(self.upstream_cost, _upstream_cost(told.cost_details))
        self._add_details(told, told.prompt_tokens_details or told.input_tokens_details)
        output_details = told.completion_tokens_details or told.output_tokens_details
        if output_details is not None:
            self.reasoning = _later(self.reasoning, output_details.reasoning_tokens)
            self.output_audio = _later(self.output_audio, output_details.audio_tokens)
        self.reasoning = _later(self.reasoning, told.reasoning_tokens)
        return True

    def _add_details(self, told: ChunkUsage, details: InputDetails | None) -> None:
        """Add the kinds of input tokens. A number is under one of several names, or the same under all of them."""
        if details is not None:
            self.cached = _later(self.cached, details.cached_tokens)
            self.input_audio = _later(self.input_audio, details.audio_tokens)
            for written in (details.cache_write_tokens, details.cache_creation_tokens, details.cache_creation_input_tokens):
                self.cache_write = _later(self.cache_write, written)
        self.cached = _later(_later(self.cached, told.cached_tokens), told.prompt_cache_hit_tokens)
        if told.cache_read_input_tokens is not None or told.cache_creation_input_tokens is not None:
            self.anthropic = told.cache_read_input_tokens is not None and told.prompt_tokens is None
            self.cache_read = _later(self.cache_read, told.cache_read_input_tokens)
            self.cache_write = _later(self.cache_write, told.cache_creation_input_tokens)

    def outdate(self) -> None:
        """More text came, so the reported output and cost don't include it."""
        self.output = self.total = self.reasoning = self.output_audio = self.cost = self.upstream_cost = None

    @property
    def can_be_outdated(self) -> bool:
        """Return whether anything was reported that more text would outdate."""
        return self.output is not None or self.total is not None or self.cost is not None

    @property
    def counts_output(self) -> bool:
        """Return whether output was counted, and all of it as far as known."""
        return bool(self.output) or bool(self.total and self.input is not None and self.total > self.input)

    def settled(self, provider: Provider, model: str | None, *, answered: bool) -> Usage | None:
        """Return the merged usage, or `None` if nothing was reported. `answered`: there is text, so an output of 0 is not a count."""
        if not self.reports:
            return None
        reading = _Reading.of(self, reasoning_beside=provider.quirks.reasoning_beside_output)
        reported = reading.counts()
        faults = reading.faults(answered=answered)
        if faults:
            _logger.warning("usage_impossible", provider=provider.id, model=model, reasons=faults, **reported)
        return reading.usage(self._bill())

    def _bill(self) -> Decimal | None:
        if not self.is_byok or self.cost is None:
            return self.cost
        # Source: OpenRouter, "Usage Accounting". Without such a key, the upstream cost is the same cost again.
        return None if self.upstream_cost is None else self.cost + self.upstream_cost


@dataclass(slots=True)
class _Reading:
    """The merged numbers: those that are not part of the input or output are added, and impossible ones are removed."""

    input: int | None
    output: int | None
    cached: int | None
    cache_write: int | None
    reasoning: int | None
    input_audio: int | None
    output_audio: int | None

    @classmethod
    def of(cls, tally: UsageTally, *, reasoning_beside: bool) -> "_Reading":
        prompt, output, total = tally.input, tally.output, tally.total
        cached = _named(tally.cached, tally.cache_read)
        beside = (tally.cache_read or 0) + (tally.cache_write or 0)
        if prompt is not None and beside and _is_beside(tally, prompt, beside):
            cached, prompt = tally.cache_read, prompt + beside
        elif prompt is not None and cached and total == prompt + cached + (output or 0) > prompt + (output or 0):
            prompt += cached
        if output is None and prompt is not None and total is not None and total >= prompt:
            output = total - prompt
        reasoning = tally.reasoning
        if prompt is not None and output is not None and total is not None:
            if reasoning_beside and total > prompt + output:
                reasoning = total - prompt - output
                output += reasoning
            elif reasoning and total == prompt + output + reasoning:
                output += reasoning  # xAI also doesn't include reasoning in the output.
        return cls(prompt, output, cached, tally.cache_write, reasoning, tally.input_audio, tally.output_audio)

    def faults(self, *, answered: bool) -> list[str]:
        """Return the impossible numbers, and remove them."""
        faults: list[str] = []
        parts = (self.cached or 0) + (self.cache_write or 0)
        if self.input is not None and not 0 < self.input < _MOST_TOKENS:
            faults.append("the input count is zero, negative or impossible")
            self.input = None
        elif self.input is not None and (parts > self.input or min(self.cached or 0, self.cache_write or 0) < 0):
            faults.append("the cached count is negative, or larger than the input")
            self.input = None
        if self.input is None:
            self.cached = self.cache_write = self.input_audio = None
        if self.output is not None and not 0 <= self.output < _MOST_TOKENS:
            faults.append("the output count is negative or impossible")
            self.output = None
        elif self.output == 0 and answered:
            faults.append("the output count is zero, but there is text")
            self.output = None
        elif self.output is not None and self.reasoning is not None and not 0 <= self.reasoning < _MOST_TOKENS:
            faults.append("the reasoning count is negative or impossible")
            self.output = None
        if self.output is None:
            self.reasoning = self.output_audio = None
        return faults

    def counts(self) -> dict[str, int | None]:
        """The numbers that are checked."""
        return {
            "input_tokens": self.input,
            "cached_input_tokens": self.cached,
            "cache_write_tokens": self.cache_write,
            "output_tokens": self.output,
            "reasoning_tokens": self.reasoning,
        }

    def usage(self, cost: Decimal | None) -> Usage | None:
        if self.input is None and self.output is None and cost is None:
            return None
        prompt, output = self.input or 0, self.output or 0
        return Usage(
            input_tokens=prompt,
            output_tokens=output,
            cached_input_tokens=self.cached,
            reasoning_tokens=_at_most(self.reasoning, output),
            cost=cost,
            cache_write_tokens=self.cache_write or None,
            input_audio_tokens=_at_most(self.input_audio, prompt) or None,
            output_audio_tokens=_at_most(self.output_audio, output) or None,
            unknown_input=self.input is None,
            unknown_output=self.output is None,
        )


def _is_beside(tally: UsageTally, prompt: int, beside: int) -> bool:
    """Return whether the tokens under Anthropic's names are not part of the input, as with gateways that use OpenAI's names."""
    if tally.total is not None and tally.total == prompt + beside + (tally.output or 0):
        return True
    return beside > prompt or (tally.anthropic and tally.total is None)


def _named(*numbers: int | None) -> int | None:
    """Return the value under one of several names, preferring a positive number to zero."""
    present = [number for number in numbers if number is not None]
    return next((number for number in present if number), present[0] if present else None)


def _later(before: _Number | None, now: _Number | None) -> _Number | None:
    if now is None:
        return before
    return now if before is None or 0 < now < _MOST_TOKENS else before


def _at_most(number: int | None, most: int) -> int | None:
    return None if number is None else max(0, min(number, most))


def _cost(told: ChunkUsage, beside: Decimal | None) -> Decimal | None:
    if told.cost is not None:
        return _dollars(told.cost)
    if told.cost_in_usd_ticks is not None:
        return _dollars(Decimal(told.cost_in_usd_ticks) / _TICKS_PER_DOLLAR)
    return _dollars(told.estimated_cost if told.estimated_cost is not None else beside)


def _upstream_cost(details: CostDetails | None) -> Decimal | None:
    return _dollars(details.upstream_inference_cost) if details else None


def _dollars(amount: Decimal | None) -> Decimal | None:
    return amount if amount is not None and amount.is_finite() and 0 <= amount < _MOST_DOLLARS else None
