"""What can go wrong with a provider, by whose fault it is and what helps.

    Exception
    └── ProviderError
        │                       the operator or the caller must change something
        ├── WrongKey            wrong_key: the key is missing, wrong, or not allowed to do this
        ├── InsufficientFunds   insufficient_funds: the account is empty
        ├── ModelNotFound       model_not_found
        ├── PromptTooLong       prompt_too_long: for the model's context, or for what the account may send at once
        ├── ContentRefused      content_refused: the prompt, by the provider's rules, not by the model in its own words
        │   └── LegallyBarred   content_refused: the law forbids the provider to answer it
        ├── ContentFiltered     content_filtered: the answer, which the provider's filter stopped
        ├── BadRequest          bad_request: a parameter that the model does not take
        │   ├── PlaceNotServed  bad_request: the provider does not serve the country that it is asked from
        │   ├── PolicyRefused   bad_request: a policy of the provider's account or organization forbids the model
        │   └── BodyRefused     bad_request: a server in front of the provider takes no request of this size
        ├── AddressRefused      address_refused: the user's own address of it is not public, and was not asked
        │                       asking again can help
        ├── RateLimited         rate_limited: with the provider's wait where it says one
        ├── Overloaded          overloaded: too busy, loading the model, or a fault of its own
        ├── Unreachable         unreachable: no connection
        ├── TimedOut            timed_out: connecting, or the provider's own limit
        │   └── GivenUp         timed_out: our limit before the first token or between tokens; the provider may still work on it
        ├── ProviderFailed      provider_failed: the provider ended the answer by a fault of its own
        ├── BrokenStream        broken_stream: the answer began and was cut off
        │                       something else is at that address
        └── UnexpectedAnswer    unexpected_answer: not what OpenAI's protocol says
            └── Firewalled      unexpected_answer: a web firewall in front of the provider

`classification.py` finds the class for what a provider sent, and `told.py` its words; `unconnected.py` finds it where nothing was sent.
"""

from typing import ClassVar


class ProviderError(Exception):
    """A call to a provider failed. The message is for people: which provider, what it answered, what can be done."""

    code: ClassVar[str] = "provider_error"
    """Stable, for programs: in events, records and the API."""
    retryable: ClassVar[bool] = False
    """Whether the same request can succeed later, without anybody changing anything."""

    def __init__(
        self, message: str, *, provider: str, retry_after: float | None = None, status: int | None = None, refused: bool = False
    ) -> None:
        super().__init__(message)
        self.provider = provider
        """The provider's name, as `Groq`."""
        self.retry_after = retry_after
        """Seconds that the provider asks to wait, where it says."""
        self.status = status
        """The HTTP status of the refusal; `None` when there was no answer, or when it failed after answering 200."""
        self.refused = refused or status is not None
        """The request was turned away, by its status or by an error in the answer, or was never sent: before any text, nothing was used."""


class WrongKey(ProviderError):
    """The key is missing, wrong, expired, or not allowed to do this."""

    code = "wrong_key"


class InsufficientFunds(ProviderError):
    """The account behind the key has no money left."""

    code = "insufficient_funds"


class ModelNotFound(ProviderError):
    """The provider has no such model, or not for this key."""

    code = "model_not_found"


class PromptTooLong(ProviderError):
    """The conversation does not fit the model's context window, or what the account may send at once."""

    code = "prompt_too_long"


class ContentRefused(ProviderError):
    """The provider's rules forbid the prompt or the answer."""

    code = "content_refused"


class LegallyBarred(ContentRefused):
    """The provider can't answer for legal reasons (RFC 7725)."""


class ContentFiltered(ProviderError):
    """The provider's filter stopped the answer. What came before is kept."""

    code = "content_filtered"


class BadRequest(ProviderError):
    """The provider does not take the request as it is: mostly a parameter that the model does not know."""

    code = "bad_request"


class PlaceNotServed(BadRequest):
    """The provider does not serve the country, or the territory, that this service asks from."""


class PolicyRefused(BadRequest):
    """A policy that was set for the provider's account or organization forbids the model or the request."""


class BodyRefused(BadRequest):
    """A proxy or web server in front of the provider takes no request of this size."""


class AddressRefused(ProviderError):
    """The address that a user gave for the provider is not on the public internet over https. Nothing was sent."""

    code = "address_refused"


class RateLimited(ProviderError):
    """Too many requests or tokens in a short time."""

    code = "rate_limited"
    retryable = True


class Overloaded(ProviderError):
    """The provider is too busy, is still loading the model, or failed by itself."""

    code = "overloaded"
    retryable = True


class Unreachable(ProviderError):
    """There is no connection to the provider, or it closed it without an answer."""

    code = "unreachable"
    retryable = True


class TimedOut(ProviderError):
    """A time limit passed: ours for connecting, or the provider's own."""

    code = "timed_out"
    retryable = True


class GivenUp(TimedOut):
    """Our time limit for the first token or between tokens passed after the provider took the request.

    It may still work on it, and charge for it: asked again without being told to, it would work on both.
    """


class ProviderFailed(ProviderError):
    """The provider said that its answer ended by a fault of its own. What came before is kept."""

    code = "provider_failed"
    retryable = True


class BrokenStream(ProviderError):
    """The answer began and did not end properly. What came before is kept."""

    code = "broken_stream"
    retryable = True


class UnexpectedAnswer(ProviderError):
    """What answered does not speak OpenAI's protocol, as a web page at a wrong base URL."""

    code = "unexpected_answer"


class Firewalled(UnexpectedAnswer):
    """A web firewall in front of the provider refused the request, before the provider saw its key."""
