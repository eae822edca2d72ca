"""The providers that the service knows by itself: one table. Each entry's comment says where its quirks are documented."""

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
    # openrouter.ai/docs: `usage.include` adds the cost to the usage, `reasoning.effort` works for all models that think.
    # Endings such as `:nitro`, `:floor` and `:online` are not in its list.
    Provider(
        id="openrouter",
        name="OpenRouter",
        base_url="https://openrouter.ai/api/v1",
        prices_id="openrouter",
        key_variable="OPENROUTER_API_KEY",
        quirks=Quirks(reasoning_effort_name="reasoning.effort", extra_body={"usage": {"include": True}}, routes=True),
    ),
    # huggingface.co/docs/inference-providers: `org/model:provider` chooses who serves the model.
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
    # ai.google.dev/gemini-api/docs/openai: fields that it does not know are refused, `seed` among them; its usage counts
    # the thinking in the total alone. Its list says `models/gemini-...`.
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
    # docs.anthropic.com/en/api/openai-sdk: seed and reasoning effort are ignored. The list of models is of its own protocol.
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
    # docs.mistral.ai/api: fields that it does not know are refused with 422 (`stream_options`, `max_completion_tokens`, `seed`);
    # usage comes with the last chunk unasked.
    Provider(
        id="mistral",
        name="Mistral",
        base_url="https://api.mistral.ai/v1",
        prices_id="mistral",
        key_variable="MISTRAL_API_KEY",
        quirks=Quirks(stream_options=False, seed_name="random_seed"),
    ),
    # api-docs.deepseek.com/guides/thinking_mode: thinking is switched off by a field of its own.
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
    # docs.ollama.com/api/openai-compatibility: with a key alone it is Ollama's cloud; a server of one's own is its address.
    Provider(
        id="ollama",
        name="Ollama",
        base_url="https://ollama.com/v1",
        key_variable="OLLAMA_API_KEY",
        needs_key=False,
        quirks=Quirks(default_tag="latest"),
    ),
)
"""In the order in which the service shows them. Base URLs have no slash at the end; keys come from the settings (`registry.py`)."""
