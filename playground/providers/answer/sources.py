"""Parts of an answer that are not text: sources (citations, search results, annotations), images and the like.

Perplexity has `citations` and `search_results` next to `choices`, OpenAI and OpenRouter have `annotations` in the delta or message, others
have either in either place. Citations are numbered by their order: `[1]` in the text is the first.
"""

import re
from collections.abc import Iterator
from typing import Any

from playground.kit.text import clean
from playground.providers.calls import Attachment, Source
from playground.providers.loose_values import text_of

RARE_NAMES = re.compile(
    rb'"(?:annotations|citations|search_results|images|audio|image_url|usage|usage_?[mM]etadata|token_?[uU]sage|meta'
    rb"|thinking|thinking_?[cC]ontent|thinking_blocks|reasoning_?[tT]ext|reasoning_?[sS]ummary|reasoningContent|thoughts"
    rb"|(?i:error_?(?:message|msg|code))|finishReason|finish_details|stop_reason|done_reason"
    rb'|(?P<flag>thought|is_thought|is_thinking|is_reasoning))"\s*:\s*(?!null|false|\[\s*\]|\{\s*\}|""|0)'
    rb'|"content"\s*:\s*[\[{]|"base_resp"\s*:\s*\{\s*"status_code"\s*:\s*[1-9]'
)
"""A payload in the usual form without any of these names, or with empty values, has nothing that the structs don't show. `flag`: it marks
the text next to it as reasoning."""

_MOST = 100
_MOST_URL_CHARACTERS = 2_000
_MOST_TITLE_CHARACTERS = 300
_WEB = re.compile(r"https?://[^\s\x00-\x1f]+", re.IGNORECASE)
_DATA_URL = re.compile(r"data:([\w.+/-]{0,100})[^,]{0,200},")
_URL_NAMES = ("url", "link", "uri", "source", "origin_url")
_TITLE_NAMES = ("title", "name", "filename", "file_name", "document_title", "text")
_INSIDE_NAMES = ("url_citation", "file_citation", "web", "document", "source")
_KINDS = ("image", "audio", "file")


class SourceCollector:
    """Collects the parts from the leniently decoded payloads of one answer."""

    def __init__(self) -> None:
        self._citations: list[Source] = []
        self._results: list[Source] = []
        self._annotations: list[Source] = []
        self._attachments: dict[tuple[object, ...], Attachment] = {}
        self._audio_size = 0

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources. Titles that only the search results have are added to the citations."""
        titles = {source.url: source.title for source in (*self._annotations, *self._results) if source.url and source.title}
        numbered = self._citations or self._results
        found = [Source(source.url, source.title or titles.get(source.url or "")) for source in numbered]
        urls = {source.url for source in found}
        for source in self._annotations:
            if source not in found and (source.url is None or source.url not in urls):
                found.append(source)
                urls.add(source.url)
        return tuple(found[:_MOST])

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The parts that are not text."""
        audio = (Attachment("audio", size=self._audio_size),) if self._audio_size else ()
        return (*self._attachments.values(), *audio)[:_MOST]

    def look(self, answer: object) -> None:
        """Process the parts in `answer` and in its choice with index 0."""
        if not isinstance(answer, dict):
            return
        choices = answer.get("choices")
        mine = [choice for choice in choices if isinstance(choice, dict) and not choice.get("index")] if isinstance(choices, list) else []
        for place in (answer, *mine):
            self._look_in(place)
            for name in ("delta", "message"):
                if isinstance(place.get(name), dict):
                    self._look_in(place[name])
                    self._look_for_parts(place[name])

    def _look_in(self, place: dict[str, Any]) -> None:
        self._citations = _merged(self._citations, _sources(place.get("citations")))
        self._results = _merged(self._results, _sources(place.get("search_results")))
        self._annotations = _merged(self._annotations, _sources(place.get("annotations")))

    def _look_for_parts(self, text: dict[str, Any]) -> None:
        content, images, audio = text.get("content"), text.get("images"), text.get("audio")
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict):
                self._keep(_attachment(part))
        for part in images if isinstance(images, list) else ():
            self._keep(_attachment({"type": "image", **part} if isinstance(part, dict) else {"type": "image", "url": part}))
        if isinstance(audio, dict):
            self._audio_size += _bytes_of(text_of(audio.get("data")) or "")

    def _keep(self, attachment: Attachment | None) -> None:
        # Some servers send an image with its own chunk, and again with the whole message.
        if attachment is not None and len(self._attachments) < _MOST:
            self._attachments.setdefault((attachment.kind, attachment.type, attachment.size, attachment.url), attachment)


def _merged(before: list[Source], now: list[Source]) -> list[Source]:
    """Lists come completely with every chunk, or piece by piece. A complete one may contain the same source twice."""
    if now[: len(before)] == before:
        return now
    return before + [source for source in now if source not in before]


def _sources(entries: object) -> list[Source]:
    return list(_each_source(entries[:_MOST])) if isinstance(entries, list) else []


def _each_source(entries: list[object]) -> Iterator[Source]:
    for entry in entries:
        source = _source(entry)
        if source is not None:
            yield source


def _source(entry: object) -> Source | None:
    if isinstance(entry, dict):
        inside = [entry, *(entry[name] for name in _INSIDE_NAMES if isinstance(entry.get(name), dict))]
        url = _first(inside, _URL_NAMES)
        title = _first(inside, _TITLE_NAMES)
    else:
        url, title = text_of(entry), None
    if url is not None and (len(url) > _MOST_URL_CHARACTERS or not _WEB.fullmatch(url)):
        # Shown as text, never as a link: the numbers in the text include it.
        url, title = None, title or url
    if not url and not title:
        return None
    return Source(clean(url) if url else None, clean(title[:_MOST_TITLE_CHARACTERS]) if title else None)


def _first(places: list[dict[str, Any]], names: tuple[str, ...]) -> str | None:
    found = (text_of(place.get(name)) for place in places for name in names)
    return next((text.strip() for text in found if text and text.strip()), None)


def _attachment(part: dict[str, Any]) -> Attachment | None:
    """Read a part of a message that is not text: `{"type": "image_url", "image_url": {"url": "data:image/png;base64,..."}}`."""
    told = text_of(part.get("type")) or ""
    kind = next((kind for kind in _KINDS if kind in told), None)
    if kind is None:
        return None
    inner = next((value for name, value in part.items() if name != "type" and kind in name), None)
    place = inner if isinstance(inner, dict) else {**part, "url": part.get("url") or inner}
    url = text_of(place.get("url")) or ""
    data = next(filter(None, (text_of(place.get(name)) for name in ("b64_json", "data", "file_data"))), "")
    media_type = text_of(place.get("mime_type")) or text_of(place.get("media_type"))
    match = _DATA_URL.match(url or data)
    if match is not None:
        media_type, url, data = match.group(1) or media_type, "", (url or data)[match.end() :]
    return Attachment(
        kind=kind,  # type: ignore[arg-type]  # one of `_KINDS`
        type=clean(media_type[:100]) if media_type else None,
        size=_bytes_of(data) if data else None,
        url=clean(url) if len(url) <= _MOST_URL_CHARACTERS and _WEB.fullmatch(url) else None,
    )


def _bytes_of(base64: str) -> int:
    return len(base64.rstrip("=")) * 3 // 4
