"""The two token vocabularies that come with the package, checked and loaded from disk.

`tiktoken` would fetch them at first use, and replace a file whose sum is wrong by a download. Here its encodings are built from
bytes that were checked before, so nothing can reach a network, and a damaged file is an error that says so.
"""

import hashlib
from binascii import a2b_base64
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from tiktoken import Encoding
from tiktoken.model import encoding_name_for_model

from playground.kit.errors import StartupError

FOLDER = Path(__file__).parent / "tokenizers"
"""The files, under the names that tiktoken's own cache gives them (the SHA-1 of their address)."""


class VocabularyError(StartupError):
    """A vocabulary is missing or damaged: the installation is broken."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One vocabulary. Its sum, and the pattern that cuts text before tokens are looked up, are those in `tiktoken_ext/openai_public.py`."""

    name: str
    file: str
    sha256: str
    pattern: str

    @cache  # noqa: B019 - the two that there are live as long as the process
    def load(self, folder: Path = FOLDER) -> Encoding:
        """The encoding, read from `folder`: about 0.3 s of work the first time, so call it in a worker thread.

        It knows no special tokens: `<|endoftext|>` in a prompt is ordinary text, as it is for the providers.
        Raises `VocabularyError`.
        """
        path = folder / self.file
        try:
            content = path.read_bytes()
        except OSError as error:
            raise VocabularyError(f"The token vocabulary {self.name} can't be read: {error}. Install the package again.") from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise VocabularyError(
                f"The token vocabulary {self.name} is damaged: the SHA-256 of {path} is wrong. Install the package again."
            )
        words = content.split()
        ranks = dict(zip(map(a2b_base64, words[::2]), map(int, words[1::2]), strict=True))
        return Encoding(self.name, pat_str=self.pattern, mergeable_ranks=ranks, special_tokens={})


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
"""Of OpenAI's models since GPT-4o; the approximation for all others."""

CL100K = Vocabulary(
    name="cl100k_base",
    file="9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    sha256="223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    pattern=(
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+"
        r"|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    ),
)
"""Of GPT-4, GPT-4 Turbo and GPT-3.5."""

VOCABULARIES = (O200K, CL100K)


@lru_cache(maxsize=4_096)
def vocabulary_for(model: str) -> Vocabulary:
    """The vocabulary of `model` (a name with or without its provider and maker), after tiktoken's own table of OpenAI's models.

    Other vendors' vocabularies differ, and most are not public in this form. Theirs is approximated by o200k, as is that of OpenAI's
    completion models from before 2023, whose vocabularies are not in the package.
    """
    name = model.lower().rpartition("/")[2]
    for candidate in (name, name.partition(":")[0]):  # `ft:gpt-4:...` is a name of its own, the `:free` of `gpt-4:free` is not
        try:
            return CL100K if encoding_name_for_model(candidate) == CL100K.name else O200K
        except KeyError:
            continue
    return O200K
