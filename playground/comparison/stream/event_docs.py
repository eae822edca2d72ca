"""The event stream in the OpenAPI schema: the shape of every event, and a complete small run as the example."""

from typing import Any

import msgspec

from .events import ChunkEvent, DoneEvent, ErrorEvent, MetricsEvent, SessionEvent, SourcesEvent, StatusEvent

EVENTS = (SessionEvent, StatusEvent, ChunkEvent, ErrorEvent, SourcesEvent, MetricsEvent, DoneEvent)
REFERENCE = "#/components/schemas/{name}"

_EXAMPLE = """\
retry: 1000
id: k3v9q2m7x4pd:1
data: {"type":"session","sessionId":"01k9w3zj2c6v8n4r5t7y9b1d3f","turn":1,"lanes":[{"lane":0,"model":"sim/quick","simulated":true},\
{"lane":1,"model":"openai/gpt-4o-mini","simulated":false}]}

id: k3v9q2m7x4pd:2
data: {"type":"status","lane":0,"model":"sim/quick","status":"connecting"}

id: k3v9q2m7x4pd:3
data: {"type":"status","lane":1,"model":"openai/gpt-4o-mini","status":"connecting"}

id: k3v9q2m7x4pd:4
data: {"type":"status","lane":1,"model":"openai/gpt-4o-mini","status":"queued","attempt":2,"retryIn":420,\
"error":{"code":"overloaded","message":"OpenAI can't answer right now (503): “The server is busy.”. Try again in a moment."}}

id: k3v9q2m7x4pd:5
data: {"type":"status","lane":0,"model":"sim/quick","status":"streaming"}

id: k3v9q2m7x4pd:6
data: {"type":"chunk","lane":0,"model":"sim/quick","content":"Hello","timestamp":1795240065123}

id: k3v9q2m7x4pd:7
data: {"type":"sources","lane":0,"model":"sim/quick","sources":[{"url":"https://example.org/hello","title":"Hello"}],"attachments":[]}

id: k3v9q2m7x4pd:8
data: {"type":"metrics","lane":0,"model":"sim/quick","inputTokens":9,"outputTokens":1,"tokensUsed":10,"cachedInputTokens":null,\
"reasoningTokens":null,"estimated":false,"simulated":true,"cost":"0.00000195","costSource":"provider","ownKey":false,\
"timeToFirstToken":151.2,"responseTime":152.9,"tokensPerSecond":null,"attempts":1,\
"finishReason":"stop","ending":"complete","maxTokens":null,"timeToFirstAnswer":151.2,"totalTime":152.9,"cacheWriteTokens":null}

id: k3v9q2m7x4pd:9
data: {"type":"status","lane":0,"model":"sim/quick","status":"completed"}

id: k3v9q2m7x4pd:10
data: {"type":"status","lane":1,"model":"openai/gpt-4o-mini","status":"connecting","attempt":2}

id: k3v9q2m7x4pd:11
data: {"type":"error","lane":1,"model":"openai/gpt-4o-mini","code":"wrong_key",\
"message":"OpenAI rejected the API key (401): “Incorrect API key provided.”. Check the API key in OPENAI_API_KEY.","retryable":false}

id: k3v9q2m7x4pd:12
data: {"type":"metrics","lane":1,"model":"openai/gpt-4o-mini","inputTokens":0,"outputTokens":0,"tokensUsed":0,\
"cachedInputTokens":null,"reasoningTokens":null,"estimated":false,"simulated":false,"cost":"0","costSource":null,"ownKey":false,\
"timeToFirstToken":null,"responseTime":88.4,"tokensPerSecond":null,"attempts":2,\
"finishReason":null,"ending":null,"maxTokens":null,"timeToFirstAnswer":null,"totalTime":612.4,"cacheWriteTokens":null}

id: k3v9q2m7x4pd:13
data: {"type":"status","lane":1,"model":"openai/gpt-4o-mini","status":"failed"}

id: k3v9q2m7x4pd:14
data: {"type":"done","totalTokens":10,"totalCost":"0","unknownCosts":0,"responseTime":613.7,"simulatedCost":"0.00000195"}
"""

STREAM_ANSWER: dict[str, Any] = {
    "description": (
        "Server-sent events. Each message's `data` is one JSON object with a `type`. Its `id` is the run's id and the event's "
        "number, from 1 without gaps. A lane ends with [`error`,] [`sources`,] `metrics` and a final `status`; `done` ends the run."
    ),
    "content": {
        "text/event-stream": {
            "schema": {
                "type": "string",
                "x-event-schema": {"oneOf": [{"$ref": REFERENCE.format(name=event.__name__)} for event in EVENTS]},
            },
            "example": _EXAMPLE,
        }
    },
}


def event_schemas() -> dict[str, Any]:
    """Return the JSON schemas of all events, by name, for the components of the OpenAPI document."""
    _, components = msgspec.json.schema_components(EVENTS, ref_template=REFERENCE)
    return components
