"""The names of OpenTelemetry's semantic conventions that traces and metrics use, all in one place: most are not stable yet.

Source: semantic conventions 1.41, "Generative AI" (spans and metrics of clients), "General attributes", "Recording errors".
"""

from urllib.parse import urlsplit

from playground.providers.records import Provider

OPERATION = "gen_ai.operation.name"
CHAT = "chat"
PROVIDER = "gen_ai.provider.name"
CONVERSATION_ID = "gen_ai.conversation.id"

REQUEST_MODEL = "gen_ai.request.model"
REQUEST_STREAM = "gen_ai.request.stream"
REQUEST_TEMPERATURE = "gen_ai.request.temperature"
REQUEST_TOP_P = "gen_ai.request.top_p"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_SEED = "gen_ai.request.seed"
REQUEST_STOP = "gen_ai.request.stop_sequences"

FINISH_REASONS = "gen_ai.response.finish_reasons"
TIME_TO_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
CACHED_TOKENS = "gen_ai.usage.cache_read.input_tokens"
REASONING_TOKENS = "gen_ai.usage.reasoning.output_tokens"

INPUT_MESSAGES = "gen_ai.input.messages"
OUTPUT_MESSAGES = "gen_ai.output.messages"

ERROR_TYPE = "error.type"
SERVER_ADDRESS = "server.address"
SERVER_PORT = "server.port"

TOKEN_TYPE = "gen_ai.token.type"  # noqa: S105 - a name
DURATION_METRIC = "gen_ai.client.operation.duration"
TOKENS_METRIC = "gen_ai.client.token.usage"
FIRST_CHUNK_METRIC = "gen_ai.client.operation.time_to_first_chunk"
DURATION_BUCKETS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS_BUCKETS = (1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864)

# What the conventions have no name for.
RUN_ID = "playground.run.id"
LANES = "playground.lanes"
LANE = "playground.lane"
STATUS = "playground.status"
ATTEMPTS = "playground.attempts"
COST = "playground.cost_usd"
"""A decimal string. Absent: the price is unknown."""
ESTIMATED = "playground.tokens_estimated"
SIMULATED = "playground.simulated"

_PROVIDERS = {"gemini": "gcp.gemini", "mistral": "mistral_ai"}
"""Providers that the conventions call something else than we do."""
_PORTS = {"https": 443, "http": 80}


def provider_name(provider: Provider) -> str:
    """Return the provider's name in the conventions."""
    return _PROVIDERS.get(provider.id, provider.id)


def server_of(provider: Provider) -> tuple[str, int]:
    """Return host and port of the provider's address."""
    address = urlsplit(provider.base_url)
    return address.hostname or "", address.port or _PORTS.get(address.scheme, 0)
