"""Decides whether an answer that ended is complete, from its finish reason and its text."""

from playground.providers.calls import Usage
from playground.providers.errors.classification import ADVICE
from playground.providers.errors.kinds import BrokenStream, ContentFiltered, PromptTooLong, ProviderError, ProviderFailed
from playground.providers.errors.provider_messages import shorten
from playground.providers.records import Provider

from .finish_reasons import Ending, ending_of


def failure_of_end(provider: Provider, reason: str | None, *, answered: bool, written: bool, usage: Usage | None) -> ProviderError | None:
    """Return the error of an answer that ended properly, or `None`.

    `answered`: it has text; `written`: it has text or reasoning; `usage`: its tokens, if the provider reported them. A stream that just
    ends is not a success: it needs text, a finish reason, or a token count. An unknown reason is a failure only without any text.
    """
    if reason is not None:
        return _failure_of_reason(provider, reason, written=written, usage=usage)
    if answered or usage is not None:
        return None
    what = "ended the answer after its reasoning, without any text" if written else "ended the answer without any text"
    return BrokenStream(f"{provider.name} {what}. Try again.", provider=provider.name)


def _failure_of_reason(provider: Provider, reason: str, *, written: bool, usage: Usage | None) -> ProviderError | None:
    name, said = provider.name, f"(“{shorten(reason, provider.secret)}”)"
    match ending_of(reason):
        case Ending.FILTERED:
            kept = "The text so far is kept." if written else "No text was written."
            return ContentFiltered(
                f"{name}’s content filter stopped the answer {said}. {kept} Change the prompt, or choose another provider.", provider=name
            )
        case Ending.FAILED if written:
            return ProviderFailed(
                f"{name} ended the answer because of an error on its side {said}. The text so far is kept.", provider=name
            )
        case Ending.FAILED:
            return ProviderFailed(f"{name} failed before it wrote any text {said}. Try again.", provider=name)
        case Ending.CONTEXT_WINDOW if not written and (usage is None or not usage.output_tokens):
            message = f"{name} reports that the prompt fills the model's context window {said}. {ADVICE[PromptTooLong]}"
            return PromptTooLong(message, provider=name)
        case None if not written:
            return ProviderFailed(f"{name} ended the answer without any text {said}. Try again.", provider=name)
    return None
