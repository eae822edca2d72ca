"""A completion as encoded chunks of a stream. The parts that are the same in each chunk are encoded once."""

from collections.abc import Iterable
from typing import Final

import msgspec

from .completion import Completion
from .tokens import Piece

DONE: Final = b"data: [DONE]\n\n"

_encode = msgspec.json.encode


class ChunkEncoder:
    """Encodes the chunks of one completion. With `include_usage` each has `usage`, which is null except in the last (OpenAI's
    `stream_options`).
    """

    def __init__(self, completion: Completion, *, include_usage: bool) -> None:
        self._completion = completion
        head = {
            "id": completion.id,
            "object": "chat.completion.chunk",
            "created": completion.created,
            "model": completion.model,
            "system_fingerprint": "simulated",
        }
        self._head = b"data: " + _encode(head)[:-1]
        self._include_usage = include_usage
        tail = b',"logprobs":null,"finish_reason":null}]' + (b',"usage":null' if include_usage else b"") + b"}\n\n"
        self._before = {
            False: self._head + b',"choices":[{"index":0,"delta":{"content":',
            True: self._head + b',"choices":[{"index":0,"delta":{"reasoning_content":',
        }
        self._after = b"}" + tail
        self._opening = self._head + b',"choices":[{"index":0,"delta":{"role":"assistant","content":""}' + tail

    def opening(self) -> bytes:
        """Return the first chunk, with the role."""
        return self._opening

    def pieces(self, pieces: Iterable[Piece]) -> bytes:
        """Return a chunk for each piece, as one run of bytes."""
        before, after = self._before, self._after
        return b"".join([before[reasoning] + _encode(text) + after for text, reasoning in pieces])

    def closing(self) -> bytes:
        """Return the chunk with the finish reason, the usage if requested, and the end of the stream."""
        reason = _encode(self._completion.finish_reason)
        last = self._head + b',"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":' + reason + b"}]"
        if not self._include_usage:
            return last + b"}\n\n" + DONE
        usage = _encode(self._completion.usage.body())
        return last + b',"usage":null}\n\n' + self._head + b',"choices":[],"usage":' + usage + b"}\n\n" + DONE


def whole_body(completion: Completion) -> bytes:
    """Return the completion as one JSON body, for a request without `stream`."""
    message: dict[str, object] = {"role": "assistant", "content": completion.text(reasoning=False), "refusal": None}
    if thoughts := completion.text(reasoning=True):
        message["reasoning_content"] = thoughts
    return _encode(
        {
            "id": completion.id,
            "object": "chat.completion",
            "created": completion.created,
            "model": completion.model,
            "system_fingerprint": "simulated",
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}],
            "usage": completion.usage.body(),
        }
    )
