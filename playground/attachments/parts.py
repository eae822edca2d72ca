"""What a file becomes in a message: the parts that a provider takes, or the reason why a model can't take it.

image   `image_url` with the image as a data URL, where the model takes images as far as its provider says
text    its text, after its name
PDF     `file` where the provider reads PDFs and the model takes images or files; elsewhere its text
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from playground.catalogue.categories import categories_of
from playground.kit.errors import BadInput, FieldError
from playground.providers.records import ListedModel, Provider

from .image_sizes import ImageSize
from .image_tokens import image_tokens
from .sniffing import Kind

_PDF_PROVIDERS = frozenset({"openai", "openrouter"})
"""Those whose chat completions take a PDF as a `file` part: OpenAI's file inputs, OpenRouter's PDF inputs."""
_PDF_PAGE = ImageSize(1_275, 1_650)
"""A page of US letter at 150 dots per inch, as providers see it beside its text."""
_GOOGLE_PDF_PAGE = 258
"""Tokens of a page for Gemini (ai.google.dev, Document understanding)."""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A file of a turn, with its content."""

    id: str
    name: str
    kind: Kind
    type: str
    content: bytes
    size: ImageSize | None = None
    """Of an image."""
    pages: int | None = None
    """Of a PDF; `None`: unknown."""
    text: str | None = None
    """Of text and of a PDF; `None`: it has none."""
    note: str | None = None
    """Why the text of a PDF is missing or incomplete."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The model that a file goes to."""

    provider: Provider
    model: str
    """The provider's own name."""
    listed: ListedModel | None = None
    """Its line in the provider's list; `None`: unknown."""

    @property
    def full_name(self) -> str:
        """Such as `openai/gpt-4o`."""
        return f"{self.provider.id}/{self.model}"

    def refuses(self, modality: str) -> bool:
        """Whether the provider's list says that the model does not take `modality`. A list that says nothing refuses nothing."""
        return self.listed is not None and bool(self.listed.input_modalities) and modality not in self.listed.input_modalities

    @property
    def reads_pdfs(self) -> bool:
        """Whether it takes a PDF as it is."""
        if self.provider.id not in _PDF_PROVIDERS:
            return False
        listed = self.listed or ListedModel(self.model)
        return "file" in listed.input_modalities or (self.provider.id == "openai" and "vision" in categories_of(self.provider, listed))


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that a model can't take."""

    name: str
    reason: str
    """A sentence, which names the file and the model."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What is sent of the files of a turn, in their order, and what is not."""

    content: tuple[Mapping[str, Any], ...]
    """Parts of a message as chat completions have them, to be sent before the prompt's own text."""
    texts: tuple[str, ...]
    """The texts among them, whose tokens are to be counted with the prompt."""
    tokens: int
    """Estimated tokens of all that is no text."""
    skipped: tuple[Skipped, ...] = ()


class FileNotSupported(BadInput):
    """A model of the request can't take a file of it."""

    code = "file_not_supported"
    title = "A model can't take a file"
    example: ClassVar[Mapping[str, Any]] = {
        "detail": "groq/llama-3.3-70b-versatile doesn't take images: diagram.png can't be sent to it.",
        "errors": [{"field": "lanes.1", "message": "groq/llama-3.3-70b-versatile doesn't take images: diagram.png can't be sent to it."}],
    }


def parts_for(files: Sequence[LoadedFile], asked: Asked) -> Parts:
    """Return what is sent of `files` to a model. What it can't take is skipped, with the reason. Encodes megabytes: call it in a thread."""
    content: list[Mapping[str, Any]] = []
    texts: list[str] = []
    tokens = 0
    skipped: list[Skipped] = []
    for file in files:
        reason = refusal(file, asked)
        if reason is not None:
            skipped.append(Skipped(file.name, reason))
        elif file.kind == "image":
            content.append({"type": "image_url", "image_url": {"url": _data_url(file)}})
            tokens += image_tokens(file.size, asked.model) if file.size is not None else 0
        elif file.kind == "pdf" and asked.reads_pdfs:
            content.append({"type": "file", "file": {"filename": file.name, "file_data": _data_url(file)}})
            tokens += _pdf_tokens(file, asked)
        else:
            text = _named_text(file)
            texts.append(text)
            content.append({"type": "text", "text": text})
    return Parts(tuple(content), tuple(texts), tokens, tuple(skipped))


def refusal(file: LoadedFile, asked: Asked) -> str | None:
    """Return why a model can't take a file, as a sentence; `None`: it can, as far as is known."""
    if file.kind == "image" and asked.refuses("image"):
        return f"{asked.full_name} doesn't take images: {file.name} can't be sent to it."
    if file.kind == "pdf" and file.text is None and not asked.reads_pdfs:
        return f"{asked.full_name} takes only the text of a PDF, and {file.name} has none that could be read. {file.note or ''}".rstrip()
    return None


def check_lanes(files: Sequence[LoadedFile], lanes: Mapping[str, Asked]) -> None:
    """Raise `FileNotSupported`, which names every lane and file, if a model can't take a file. `lanes` is by path in the request."""
    errors = [FieldError(field, reason) for field, asked in lanes.items() for file in files if (reason := refusal(file, asked)) is not None]
    if errors:
        raise FileNotSupported(" ".join(dict.fromkeys(error.message for error in errors)), errors=errors)


def _pdf_tokens(file: LoadedFile, asked: Asked) -> int:
    """Pages count as images, and their text once more; a token is about four characters. Gemini counts the page only."""
    pages = file.pages or 1
    if "gemini" in asked.model:
        return pages * _GOOGLE_PDF_PAGE
    return pages * image_tokens(_PDF_PAGE, asked.model) + len(file.text or "") // 4


def _data_url(file: LoadedFile) -> str:
    return f"data:{file.type};base64,{base64.b64encode(file.content).decode()}"


def _named_text(file: LoadedFile) -> str:
    note = f"\n[{file.note}]" if file.note else ""
    return f"File: {file.name}\n---\n{file.text or ''}{note}\n---"
