"""Counts tokens if a provider sent no usage, and before anything is sent."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

from anyio import CapacityLimiter, to_thread
from cachetools import LRUCache
from tiktoken import Encoding

from playground.providers.calls import Message

from .vocabularies import FOLDER, O200K, VOCABULARIES, Vocabulary, vocabulary_for

TOKENS_PER_MESSAGE = 4
"""Added to each message: 3 delimiters and 1 for its role. Source: OpenAI Cookbook, "How to count tokens with tiktoken",
`num_tokens_from_messages`, which counts 3 and the tokens of the role's name; `system`, `user` and `assistant` are one token each."""

TOKENS_OF_PRIMING = 3
"""Every answer is primed with `<|start|>assistant<|message|>` (same source)."""

# Counting 1,000 characters takes 0.1 to 0.4 ms, whatever they are; using a worker thread takes about as long.
_INLINE_CHARACTERS = 1_000
_THREADS = 2
_PROMPTS = 8
"""The number of long prompts whose counts are cached."""

# tiktoken's regular expressions panic on a run of a million spaces, and returning a million tokens blocks the interpreter for 40 ms.
_PIECE_CHARACTERS = 100_000
_BOUNDARY = re.compile(r"(?<=\S) ")


class TokenCounter:
    """Counts tokens in worker threads, two at a time, so that no text can block the event loop.

    A vocabulary is loaded when it is first needed, or by `warm_up`.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._encodings: dict[str, Encoding] = {}
        self._loading = Lock()
        self._limiter = CapacityLimiter(_THREADS)
        # The lanes of a run have the same prompt, and need its count at the same time when all are stopped.
        self._prompts: LRUCache[tuple[str, int, int], asyncio.Task[list[int]]] = LRUCache(_PROMPTS)

    async def warm_up(self) -> None:
        """Verify all vocabularies, and load the one that nearly all models are counted in. The other takes 37 MB, for models of 2023.

        Raises `VocabularyError` if one is missing or damaged.
        """

        def verify_and_load() -> None:
            for vocabulary in VOCABULARIES:
                vocabulary.read(self._folder)
            self._encoding(O200K)

        await to_thread.run_sync(verify_and_load, limiter=self._limiter)

    async def count(self, texts: Sequence[str], model: str) -> list[int]:
        """Return the number of tokens of each text, in the vocabulary of `model` or its approximation (see `vocabulary_for`).

        For text without spaces, the count may be a token or two off per 200,000 characters.
        Raises `VocabularyError`.
        """
        vocabulary = vocabulary_for(model)
        encoding = self._encodings.get(vocabulary.name)
        if encoding is not None and sum(map(len, texts)) <= _INLINE_CHARACTERS:
            return [_count(encoding, text) for text in texts]
        return await to_thread.run_sync(self._load_and_count, vocabulary, texts, limiter=self._limiter)

    async def count_prompt(self, messages: Sequence[Message], model: str) -> int:
        """Return the number of tokens of a whole prompt, including those of the chat format. Raises `VocabularyError`."""
        contents = tuple(message.content for message in messages)
        return await self._count_all(contents, model) + TOKENS_PER_MESSAGE * len(messages) + TOKENS_OF_PRIMING

    async def _count_all(self, texts: tuple[str, ...], model: str) -> int:
        if sum(map(len, texts)) <= _INLINE_CHARACTERS:
            return sum(await self.count(texts, model))
        # The key doesn't contain the texts, which would stay in memory.
        key = vocabulary_for(model).name, hash(texts), sum(map(len, texts))
        counting = self._prompts.get(key)
        if counting is None or (counting.done() and counting.exception()):
            counting = self._prompts[key] = asyncio.create_task(self.count(texts, model))
        # Shielded, because other lanes may wait for it too.
        return sum(await asyncio.shield(counting))

    def _load_and_count(self, vocabulary: Vocabulary, texts: Sequence[str]) -> list[int]:
        encoding = self._encoding(vocabulary)
        return [_count(encoding, text) for text in texts]

    def _encoding(self, vocabulary: Vocabulary) -> Encoding:
        with self._loading:
            encoding = self._encodings.get(vocabulary.name)
            if encoding is None:
                encoding = self._encodings[vocabulary.name] = vocabulary.load(self._folder)
        return encoding


def _count(encoding: Encoding, text: str) -> int:
    return sum(len(encoding.encode_ordinary(piece)) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """Yield `text` in pieces of 100,000 to 200,000 characters, split before a space after a word, where no token can span the split."""
    start = 0
    while len(text) - start > _PIECE_CHARACTERS:
        earliest = start + _PIECE_CHARACTERS
        boundary = _BOUNDARY.search(text, earliest, earliest + _PIECE_CHARACTERS)
        end = boundary.start() if boundary else earliest + _PIECE_CHARACTERS
        yield text[start:end]
        start = end
    yield text[start:]
