"""The bytes that the benchmark's provider sends: answers as OpenAI streams them, with one event per HTTP chunk.

A chunk is about 290 bytes of JSON around one token of English text, with the fields that OpenAI sends today
(https://platform.openai.com/docs/api-reference/chat/streaming). Everything but the first token is made once.
"""

import msgspec

_TEXT = """ A monad is a recipe card with a rule on it.| Each card says what to put in, and what comes out goes into a bowl|
| with a label:| maybe something|,| maybe nothing|,| maybe many things|.| The rule says how the next card takes what is in
 the bowl| without tipping it out first|.

**Why does it help?**| Since every step hands on the same kind of bowl, you can write down twenty steps in a row
 and never ask “is there still soup?” between them — the bowl itself knows|."""

HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    b"Cache-Control: no-cache\r\nopenai-processing-ms: 212\r\nx-request-id: req_5f0c1b9be1d64a0c8f3a\r\n\r\n"
)
_ENVELOPE = (
    b'data: {"id":"chatcmpl-CeVq3T9xkLw0aYb7RzN2mHs5uJ1dP","object":"chat.completion.chunk","created":1795240065,'
    b'"model":"gpt-4o-mini-2024-07-18","service_tier":"default","system_fingerprint":"fp_560af6e559","choices":'
)


def framed(event: bytes) -> bytes:
    """Return `event` as one chunk of HTTP's chunked coding (RFC 9112, 7.1)."""
    return b"%x\r\n%b\r\n" % (len(event), event)


def _event(delta: dict[str, str], finish_reason: bytes = b"null") -> bytes:
    delta_json = msgspec.json.encode(delta)
    return b'%b[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}],"usage":null}\n\n' % (_ENVELOPE, delta_json, finish_reason)


def token(text: str) -> bytes:
    """Return one token as sent over the connection. Readers count tokens by their leading space."""
    return framed(_event({"content": " " + text}))


WORDS = _TEXT.replace("|", "").replace("\n ", "\n").split(" ")[1:]
"""Tokens without their leading space: mostly ASCII words; a few hold line ends or characters beyond ASCII."""

TOKENS = [token(word) for word in WORDS]

ROLE = framed(_event({"role": "assistant", "content": ""}))


def ending(tokens: int) -> bytes:
    """Return the end of an answer with that many tokens: finish reason, usage, `[DONE]`."""
    usage = b'%b[],"usage":{"prompt_tokens":25,"completion_tokens":%d,"total_tokens":%d}}\n\n' % (_ENVELOPE, tokens, tokens + 25)
    return framed(_event({}, b'"stop"')) + framed(usage) + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


def mean_chunk_bytes() -> float:
    """Return the mean size of a token's event, without HTTP's framing."""
    return sum(len(token) - len(framed(b"")) - 2 for token in TOKENS) / len(TOKENS)


def mean_text_bytes() -> float:
    """Return the mean size of a token's text in a JSON string."""
    return sum(len(msgspec.json.encode(" " + word)) - 2 for word in WORDS) / len(WORDS)
