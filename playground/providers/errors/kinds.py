"""The failures of providers, by their cause and what helps.

    Exception
    └── ProviderError
        │                       the operator or the caller must change something
        ├── WrongKey            wrong_key: the key is missing, wrong, or not allowed to do this
        ├── InsufficientFunds   insufficient_funds: the account is empty
        ├── ModelNotFound       model_not_found
        ├── PromptTooLong       prompt_too_long: for the model's context window, or for the account's limit
        ├── ContentRefused      content_refused: the prompt was refused by the provider's rules, not by the model's text
        │   └── LegallyBarred   content_refused: for legal reasons
        ├── ContentFiltered     content_filtered: the provider's filter stopped the answer
        ├── BadRequest          bad_request: a parameter that the model doesn't support
        │   ├── PlaceNotServed  bad_request: the provider is not available in this country
        │   ├── PolicyRefused   bad_request: a policy of the account or organisation forbids the model
        │   └── BodyRefused     bad_request: a server in front of the provider refuses a request of this size
        ├── AddressRefused      address_refused: the user's base URL is not public, and nothing was sent
        │                       a retry can help
        ├── RateLimited         rate_limited: with the provider's wait, if any
        ├── Overloaded          overloaded: too busy, loading the model, or an internal error
        ├── Unreachable         unreachable: no connection
        ├── TimedOut            timed_out: connecting, or the provider's own limit
        │   └── GivenUp         timed_out: our limit before the first token or between tokens; the provider may still work on it
        ├── ProviderFailed      provider_failed: the provider ended the answer because of an error on its side
        ├── BrokenStream        broken_stream: the answer started and was cut off
        │                       there is another server at the base URL
        └── UnexpectedAnswer    unexpected_answer: not OpenAI's protocol
            └── Firewalled      unexpected_answer: a web firewall in front of the provider

`classification.py` finds the class for a response, and `provider_messages.py` its words; `connection_failures.py` finds the class if there
was no response.

"""

from typing import ClassVar


class ProviderError(Exception):
    """A call to a provider failed. The message is for people: which provider, what it responded, what to do."""

    code: ClassVar[str] = "provider_error"
    """A stable code for programs: in events, records and the API."""
    retryable: ClassVar[bool] = False
    """Whether the same request can succeed later without any change."""

    def __init__(
        self, message: str, *, provider: str, retry_after: float | None = None, status: int | None = None, refused: bool = False
    ) -> None:
        super().__init__(message)
        self.provider = provider
        """The provider's name, such as `Groq`."""
        self.retry_after = retry_after
        """Seconds that the provider asks to wait, if any."""
        self.status = status
        """The HTTP status of the refusal; `None` if there was no response, or if it failed after status 200."""
        self.refused = refused or status is not None
        """The request was refused, by its status or by an error in the answer, or never sent, so nothing was used."""


class WrongKey(ProviderError):
    """The key is missing, wrong, expired, or not allowed to do this."""

    code = "wrong_key"


class InsufficientFunds(ProviderError):
    """The account has no credit left."""

    code = "insufficient_funds"


class ModelNotFound(ProviderError):
    """The provider doesn't have the model, or not for this key."""

    code = "model_not_found"


class PromptTooLong(ProviderError):
    """The conversation is longer than the model's context window or the account's limit."""

    code = "prompt_too_long"


class ContentRefused(ProviderError):
    """The provider's rules forbid the prompt or the answer."""

    code = "content_refused"


class LegallyBarred(ContentRefused):
    """The provider can't answer for legal reasons (RFC 7725)."""


class ContentFiltered(ProviderError):
    """The provider's content filter stopped the answer. The text so far is kept."""

    code = "content_filtered"


class BadRequest(ProviderError):
    """The provider rejects the request, mostly because the model doesn't support a parameter."""

    code = "bad_request"


class PlaceNotServed(BadRequest):
    """The provider is not available in the country or region of this service."""


class PolicyRefused(BadRequest):
    """A policy of the account or organisation at the provider forbids the model or the request."""


class BodyRefused(BadRequest):
    """A proxy or web server in front of the provider doesn't accept requests of this size."""


class AddressRefused(ProviderError):
    """The user's base URL for the provider is not a public https address. Nothing was sent."""

    code = "address_refused"


class RateLimited(ProviderError):
    """Too many requests or tokens in a short time."""

    code = "rate_limited"
    retryable = True


class Overloaded(ProviderError):
    """The provider is too busy, is loading the model, or has an internal error."""

    code = "overloaded"
    retryable = True


class Unreachable(ProviderError):
    """The provider can't be reached, or it closed the connection without a response."""

    code = "unreachable"
    retryable = True


class TimedOut(ProviderError):
    """A time limit was exceeded: ours for connecting, or the provider's own."""

    code = "timed_out"
    retryable = True


class GivenUp(TimedOut):
    """Our time limit for the first token or between tokens was exceeded after the provider accepted the request.

    The provider may still be working on it and charge for it; with an automatic retry, it would work on both.
    """


class ProviderFailed(ProviderError):
    """The provider reported that its answer ended because of an error on its side. The text so far is kept."""

    code = "provider_failed"
    retryable = True


class BrokenStream(ProviderError):
    """The answer started and didn't end properly. The text so far is kept."""

    code = "broken_stream"
    retryable = True


class UnexpectedAnswer(ProviderError):
    """The response is not in OpenAI's protocol, for example a web page at a wrong base URL."""

    code = "unexpected_answer"


class Firewalled(UnexpectedAnswer):
    """A web firewall in front of the provider refused the request before the provider saw its key."""
