"""The built-in providers, in one table. The comment on each entry says where its differences are documented."""

from .records import Provider, Quirks

BUILTIN: tuple[Provider, ...] = (
    # platform.openai.com/docs/api-reference/chat: `max_tokens` is deprecated, and the reasoning models refuse it.
    # Its list doesn't say which models chat.
    Provider(
        id="openai",
        name="OpenAI",
        base_url="https://api.openai.com/v1",
        prices_id="openai",
        key_variable="OPENAI_API_KEY",
        quirks=Quirks(
            max_tokens_name="max_completion_tokens",
            not_chat=(
                r"text-|whisper|tts|dall-e|gpt-image|chatgpt-image|omni-moderation|babbage|davinci|sora"
                r"|gpt-realtime|gpt-[^/]*-(realtime|transcribe|tts|audio)"
            ),
        ),
    ),
    # openrouter.ai/docs: `usage.include` adds the cost to the usage, `reasoning.effort` works for all reasoning models. Suffixes such as
    # `:nitro`, `:floor` and `:online` are not in its list.
    Provider(
        id="openrouter",
        name="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        prices_id="openrouter",
        key_variable="OPENROUTER_API_KEY",
        quirks=Quirks(reasoning_effort_name="reasoning.effort", extra_body={"usage": {"include": True}}, routes=True),
    ),
    # huggingface.co/docs/inference-providers: `org/model:provider` selects the provider that runs the model.
    Provider(
        id="huggingface",
        name="Hugging Face",
        base_url="https://router.huggingface.co/v1",
        prices_id="huggingface_{route}",
        key_variable="HUGGINGFACE_API_KEY",
        quirks=Quirks(routes=True),
    ),
    # console.groq.com/docs/api-reference: `max_tokens` is deprecated. Its list doesn't say which models chat.
    Provider(
        id="groq",
        name="Groq",
        base_url="https://api.groq.com/openai/v1",
        prices_id="groq",
        key_variable="GROQ_API_KEY",
        quirks=Quirks(max_tokens_name="max_completion_tokens", not_chat=r"whisper|distil-whisper|playai-tts|canopylabs/orpheus"),
    ),
    # ai.google.dev/gemini-api/docs/openai: unknown fields are refused, including `seed`; its usage counts reasoning only in the total. Its
    # list has `models/gemini-...`.
    Provider(
        id="gemini",
        name="Google Gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        prices_id="google",
        key_variable="GEMINI_API_KEY",
        quirks=Quirks(
            seed_name=None,
            reasoning_beside_output=True,
            list_prefix="models/",
            not_chat=r"embedding|text-embedding|gemini-embedding|imagen|veo|lyria|aqa|gemini-[^/]*(-tts|-live|native-audio)",
        ),
    ),
    # docs.anthropic.com/en/api/openai-sdk: seed and reasoning effort are ignored. The list of models uses Anthropic's own protocol.
    Provider(
        id="anthropic",
        name="Anthropic",
        base_url="https://api.anthropic.com/v1",
        prices_id="anthropic",
        key_variable="ANTHROPIC_API_KEY",
        quirks=Quirks(
            list_key_header="x-api-key",
            list_headers={"anthropic-version": "2023-06-01"},
            list_query={"limit": "1000"},
        ),
    ),
    # docs.mistral.ai/api: unknown fields are refused with 422 (`stream_options`, `max_completion_tokens`, `seed`); the usage comes with the
    # last chunk without being requested.
    Provider(
        id="mistral",
        name="Mistral",
        base_url="https://api.mistral.ai/v1",
        prices_id="mistral",
        key_variable="MISTRAL_API_KEY",
        quirks=Quirks(stream_options=False, seed_name="random_seed"),
    ),
    # api-docs.deepseek.com/guides/thinking_mode: reasoning is switched off with a separate field.
    Provider(
        id="deepseek",
        name="DeepSeek",
        base_url="https://api.deepseek.com",
        prices_id="deepseek",
        key_variable="DEEPSEEK_API_KEY",
        quirks=Quirks(reasoning_bodies={"none": {"thinking": {"type": "disabled"}}}),
    ),
    # docs.together.ai/docs/openai-api-compatibility
    Provider(
        id="together",
        name="Together",
        base_url="https://api.together.xyz/v1",
        prices_id="together",
        key_variable="TOGETHER_API_KEY",
    ),
    # docs.ollama.com/api/openai-compatibility: with only a key it is Ollama's cloud; a local server is set by its base URL.
    Provider(
        id="ollama",
        name="Ollama",
        base_url="https://ollama.com/v1",
        key_variable="OLLAMA_API_KEY",
        needs_key=False,
        quirks=Quirks(default_tag="latest"),
    ),
)
"""In the order in which the service shows them. Base URLs have no trailing slash; keys come from the settings (`registry.py`)."""
