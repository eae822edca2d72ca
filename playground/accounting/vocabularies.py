"""The two token vocabularies in the package, verified and loaded from disk.

`tiktoken` would download them at first use, and again if a checksum is wrong. Here its encodings are built from verified bytes, so
nothing uses the network, and a damaged file causes a clear error.
"""

import hashlib
from binascii import a2b_base64
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from tiktoken import Encoding
from tiktoken.model import encoding_name_for_model

from playground.kit.errors import StartupError

from .tiktoken_internals import drop_ranks

FOLDER = Path(__file__).parent / "tokenizers"
"""The files, named like those in tiktoken's cache (the SHA-1 of their URL)."""


class VocabularyError(StartupError):
    """A vocabulary is missing or damaged, so the installation is broken."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One vocabulary. Its checksum and the pattern that splits text into words are those in `tiktoken_ext/openai_public.py`."""

    name: str
    file: str
    sha256: str
    pattern: str

    @cache  # noqa: B019 - there are only two, which live as long as the process
    def load(self, folder: Path = FOLDER) -> Encoding:
        """Return the encoding, read from `folder`. The first call takes about 0.3 s, so use a worker thread.

        It has no special tokens: `<|endoftext|>` in a prompt is ordinary text, as it is for the providers.
        Raises `VocabularyError`.
        """
        words = self.read(folder).split()
        ranks = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
        encoding = Encoding(self.name, pat_str=self.pattern, mergeable_ranks=ranks, special_tokens={})
        drop_ranks(encoding)
        return encoding

    def read(self, folder: Path = FOLDER) -> bytes:
        """Return the verified content of its file. Takes about 5 ms. Raises `VocabularyError`."""
        path = folder / self.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise VocabularyError(f"The token vocabulary {self.name} can't be read: {error}. Install the package again.") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise VocabularyError(f"The token vocabulary {self.name} is damaged: {path} has a wrong checksum. Install the package again.")
        return content


O200K = Vocabulary(
    name="o200k_base",
    file="fb374d419588a4632f3f557e76b4b70aebbca790",
    sha256="446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    pattern="|".join(
        [
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        ]
    ),
)
"""For OpenAI's models since GPT-4o, and as an approximation for all other models."""

CL100K = Vocabulary(
    name="cl100k_base",
    file="9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    pattern=(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
)
"""For GPT-4, GPT-4 Turbo and GPT-3.5."""

VOCABULARIES = (O200K, CL100K)


@lru_cache(maxsize=4_096)
def vocabulary_for(model: str) -> Vocabulary:
    """Return the vocabulary of `model` (a name with or without provider and vendor), from tiktoken's table of OpenAI's models.

    Other vendors' vocabularies differ, and most are not public in this form. They are approximated by o200k, and so are those of OpenAI's
    completion models from before 2023, which are not in the package.
    """
    name = model.lower().rpartition("/")[2]
    for candidate in (name, name.partition(":")[0]):  # `ft:gpt-4:...` is a full name, but the `:free` of `gpt-4:free` isn't part of it.
        try:
            return CL100K if encoding_name_for_model(candidate) == CL100K.name else O200K
        except KeyError:
            continue
    return O200K
