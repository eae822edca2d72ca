"""The request body of a call, with parameters under the provider's names."""

import msgspec

from .calls import ModelCall, ReasoningEffort
from .records import Quirks


def request_json(call: ModelCall) -> bytes:
    """Return the request body. Parameters that the provider doesn't accept are left out."""
    quirks = call.provider.quirks
    body: dict[str, object] = {
        **quirks.extra_body,
        "model": call.model,
        "messages": [message._asdict() for message in call.messages],
        "stream": True,
    }
    if quirks.stream_options:
        body["stream_options"] = {"include_usage": True}
    if call.temperature is not None:
        body["temperature"] = call.temperature
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.max_tokens is not None:
        body[quirks.max_tokens_name] = call.max_tokens
    if call.seed is not None and quirks.seed_name is not None:
        body[quirks.seed_name] = call.seed
    if call.stop:
        body["stop"] = list(call.stop)
    if call.reasoning_effort is not None:
        body.update(_reasoning(call.reasoning_effort, quirks))
    return msgspec.json.encode(body)


def _reasoning(effort: ReasoningEffort, quirks: Quirks) -> dict[str, object]:
    own_form = quirks.reasoning_bodies.get(effort)
    if own_form is not None:
        return dict(own_form)
    if quirks.reasoning_effort_name is None:
        return {}
    *levels, name = quirks.reasoning_effort_name.split(".")
    fields: dict[str, object] = {name: effort}
    for level in reversed(levels):
        fields = {level: fields}
    return fields
