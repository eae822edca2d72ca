"""Measures how much a server between client and provider delays the first token."""

import msgspec
from arrivals import Arrivals, Place
from cpu import RATE
from processes import running_client
from provider import Script
from report import percentile
from servers import Target

_ANSWER_SECONDS = 5.0
_PROVIDER_DELAY = 0.2
"""The provider's time to its first token, which is that of a fast provider."""


class FirstTokens(msgspec.Struct):
    """The ms that each first token took beyond the provider's time."""

    direct: list[float]
    """For requests sent directly: the time of client and network."""
    through: list[float]
    """For requests through a server."""

    @property
    def direct_ms(self) -> float:
        """Return the median of the direct requests."""
        return percentile(self.direct, 50)

    def added(self, percent: float) -> float:
        """Return what the server adds at that percentile."""
        return percentile(self.through, percent) - self.direct_ms


async def measure(direct: Target, server: Target, *, lanes: int, seconds: float) -> FirstTokens:
    """For the requests of `seconds`. They arrive so often that `lanes` answers are on their way at `server` at any time (Little's law).

    Beside them the provider is asked directly, for an answer of one token.
    """
    script = Script(tokens=round(RATE * (_ANSWER_SECONDS - _PROVIDER_DELAY)), rate=RATE, delay=_PROVIDER_DELAY)
    one_token = Script(tokens=1, delay=_PROVIDER_DELAY)
    places = [
        Place(direct.name, direct.server.port, direct.request(one_token), one_token.tokens),
        Place(server.name, server.server.port, server.request(script), script.tokens),
    ]
    task = Arrivals(places, per_second=lanes / _ANSWER_SECONDS, warm_up=_ANSWER_SECONDS, seconds=seconds)
    async with running_client("arrivals.py", task) as client:
        added: dict[str, list[float]] = await client.line()
    return FirstTokens(added[direct.name], added[server.name])
