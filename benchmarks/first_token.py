"""How much later the first token comes when a server stands between the client and the provider."""

from collections.abc import Sequence

from arrivals import Arrivals, Place
from cpu import RATE
from processes import running_client
from provider import Script
from servers import Target

_ANSWER_SECONDS = 5.0
_PROVIDER_DELAY = 0.2
"""What the provider takes for its first token, as a quick one does."""


async def measure(direct: Target, servers: Sequence[Target], *, lanes: int, seconds: float) -> dict[str, list[float]]:
    """By server, the ms that each first token took beyond the provider's own time, for the requests of `seconds`.

    Requests arrive in turn at each server, so often that `lanes` answers are on their way at each of `servers` at any time
    (Little's law). Beside them the provider is asked directly, for an answer of one token: what is left there is the client's own time.
    """
    script = Script(tokens=round(RATE * (_ANSWER_SECONDS - _PROVIDER_DELAY)), rate=RATE, delay=_PROVIDER_DELAY)
    one_token = Script(tokens=1, delay=_PROVIDER_DELAY)
    places = [Place(direct.name, direct.server.port, direct.request(one_token), one_token.tokens)]
    places += [Place(server.name, server.server.port, server.request(script), script.tokens) for server in servers]
    task = Arrivals(places, per_second=lanes / _ANSWER_SECONDS, warm_up=_ANSWER_SECONDS, seconds=seconds)
    async with running_client("arrivals.py", task) as client:
        added: dict[str, list[float]] = await client.line()
    return added
