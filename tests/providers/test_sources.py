"""What comes with an answer and is no text: sources in every shape, images and the like."""

import json

import pytest

from playground.providers.adapter import ProviderClient
from playground.providers.calls import Attachment, Source

from .asking import Asking, call_to
from .upstream import DONE, Answer, event, finish_chunk, text_chunk

PARIS, FRANCE = "https://example.com/paris", "https://example.com/fr"
PIXEL = "data:image/png;base64," + "QUJD" * 10
USED = {"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5}}


def citation(url: str, title: str | None = None) -> dict[str, object]:
    return {"type": "url_citation", "url_citation": {"url": url, "title": title, "start_index": 0, "end_index": 5}}


async def found(asking: Asking, *payloads: object) -> tuple[tuple[Source, ...], tuple[Attachment, ...]]:
    """The sources and attachments of an answer whose stream is these payloads."""
    return await collected(asking.client, asking, Answer([*map(event, payloads), DONE]))


async def collected(client: ProviderClient, asking: Asking, answer: Answer) -> tuple[tuple[Source, ...], tuple[Attachment, ...]]:
    asking.upstream.will_answer(answer)
    async with client.stream(call_to(asking.provider)) as stream:
        await stream.deliver(lambda _: None)
    return stream.sources, stream.attachments


@pytest.mark.parametrize(
    "payloads",
    [
        pytest.param([{**text_chunk("Paris[1]"), "citations": [PARIS, FRANCE]}, finish_chunk()], id="beside the first text"),
        pytest.param([text_chunk("Paris"), {**text_chunk("[1]"), "citations": [PARIS, FRANCE]}, finish_chunk()], id="beside later text"),
        pytest.param([text_chunk("Paris[1]"), finish_chunk(citations=[PARIS, FRANCE])], id="with the finish reason"),
        pytest.param([text_chunk("Paris[1]"), finish_chunk(), {**USED, "citations": [PARIS, FRANCE]}], id="with the usage"),
        pytest.param([{**text_chunk(text), "citations": [PARIS, FRANCE]} for text in "abc"] + [finish_chunk()], id="with every chunk"),
        pytest.param([text_chunk("Paris", citations=[{"url": PARIS}, {"url": FRANCE}]), finish_chunk()], id="in the delta"),
        pytest.param(
            [text_chunk("Paris"), text_chunk("", annotations=[citation(PARIS), citation(FRANCE)]), finish_chunk()], id="annotations"
        ),
        pytest.param(
            [
                text_chunk("Paris"),
                text_chunk(" is", annotations=[citation(PARIS)]),
                text_chunk("", annotations=[citation(FRANCE)]),
                finish_chunk(),
            ],
            id="annotations one by one, beside text",
        ),
        pytest.param(
            [
                text_chunk("x"),
                {"choices": [{"message": {"content": "x", "annotations": [citation(PARIS), citation(FRANCE)]}}]},
                finish_chunk(),
            ],
            id="in a last message",
        ),
        pytest.param(
            [text_chunk("x", annotations=[{"type": "url_citation", "url": url} for url in (PARIS, FRANCE)]), finish_chunk()],
            id="flat",
        ),
        pytest.param([{**text_chunk("x"), "search_results": [{"url": PARIS}, {"url": FRANCE}]}, finish_chunk()], id="search results"),
    ],
)
async def test_sources_are_found_in_each_place(asking: Asking, payloads: list[object]) -> None:
    assert await found(asking, *payloads) == ((Source(PARIS, None), Source(FRANCE, None)), ())


async def test_the_numbers_are_those_of_the_citations_and_the_titles_those_of_the_search_results(asking: Asking) -> None:
    first = {**text_chunk("x"), "citations": [FRANCE, PARIS, FRANCE], "search_results": [{"title": "Paris", "url": PARIS}]}
    sources, _ = await found(asking, first, text_chunk("", annotations=[citation(FRANCE, "France")]), finish_chunk())
    assert sources == (Source(FRANCE, "France"), Source(PARIS, "Paris"), Source(FRANCE, "France"))


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "/etc/passwd", "http://a b", "https://x/" + "y" * 2_000])
async def test_a_source_without_a_web_address_is_not_a_link_and_keeps_its_number(asking: Asking, url: str) -> None:
    sources, _ = await found(asking, {**text_chunk("x"), "citations": [url, PARIS]}, finish_chunk())
    assert sources == (Source(None, url[:300]), Source(PARIS, None))


async def test_a_file_is_a_source_without_an_address(asking: Asking) -> None:
    annotation = {"type": "file_citation", "file_citation": {"file_id": "f1", "filename": "paris.pdf"}}
    assert (await found(asking, text_chunk("x", annotations=[annotation]), finish_chunk()))[0] == (Source(None, "paris.pdf"),)


@pytest.mark.parametrize("odd", [5, "x", {"url": PARIS}, [None, 1.5, {}, [], {"url": {}}], [[[]]]])
@pytest.mark.parametrize("name", ["citations", "search_results", "annotations"])
async def test_unreadable_sources_do_no_harm(asking: Asking, name: str, odd: object) -> None:
    outcome = await asking.stream(event({**text_chunk("Hello", **{name: odd}), name: odd}), event(finish_chunk()), DONE)
    assert (outcome.text, outcome.error) == ("Hello", None)


async def test_ten_thousand_sources_are_cut_to_a_hundred(asking: Asking) -> None:
    urls = [f"https://example.com/{number}" for number in range(10_000)]
    sources, _ = await found(asking, {**text_chunk("x"), "citations": urls}, finish_chunk())
    assert [source.url for source in sources] == urls[:100]


@pytest.mark.parametrize(
    ("delta", "attachment"),
    [
        ({"content": "", "images": [{"type": "image_url", "image_url": {"url": PIXEL}}]}, Attachment("image", "image/png", 30)),
        ({"content": "Here:", "images": [{"image_url": {"url": PIXEL}}]}, Attachment("image", "image/png", 30)),
        ({"content": [{"type": "image_url", "image_url": {"url": PARIS}}]}, Attachment("image", url=PARIS)),
        ({"content": [{"type": "image", "data": "QUJD", "mime_type": "image/webp"}]}, Attachment("image", "image/webp", 3)),
        ({"content": None, "audio": {"id": "a", "data": "QUJDRA=="}}, Attachment("audio", size=4)),
        (
            {"content": [{"type": "file", "file": {"filename": "x.pdf", "file_data": "data:application/pdf;base64,QUJD"}}]},
            Attachment("file", "application/pdf", 3),
        ),
    ],
)
async def test_parts_that_are_not_text_are_named(asking: Asking, delta: dict[str, object], attachment: Attachment) -> None:
    payloads = [text_chunk("x"), {"choices": [{"index": 0, "delta": delta}]}, finish_chunk()]
    assert await found(asking, *payloads) == ((), (attachment,))


async def test_an_image_that_comes_again_with_the_whole_message_is_one(asking: Asking) -> None:
    images = [{"type": "image_url", "image_url": {"url": PIXEL}}]
    last = {"choices": [{"index": 0, "message": {"content": "x", "images": images}, "finish_reason": "stop"}]}
    assert (await found(asking, text_chunk("x"), text_chunk("", images=images), last))[1] == (Attachment("image", "image/png", 30),)


async def test_the_text_of_audio_is_the_answer(asking: Asking) -> None:
    chunks = [text_chunk(None, audio={"transcript": text}) for text in ("Hel", "lo")]
    assert (await asking.stream(*map(event, chunks), event(finish_chunk()), DONE)).text == "Hello"


async def test_an_answer_that_is_only_an_image_is_complete(asking: Asking) -> None:
    delta = {"content": "", "images": [{"type": "image_url", "image_url": {"url": PIXEL}}]}
    outcome = await asking.stream(
        event({"choices": [{"index": 0, "delta": delta}]}), event(finish_chunk("stop", usage=USED["usage"])), DONE
    )
    assert (outcome.text, outcome.error) == ("", None)


async def test_a_whole_answer_in_json_has_its_sources(asking: Asking) -> None:
    message = {"content": "Paris[1]", "annotations": [citation(FRANCE, "France")]}
    body = {"choices": [{"message": message, "finish_reason": "stop"}], "citations": [PARIS]}
    answer = Answer([json.dumps(body).encode()], content_type="application/json")
    assert (await collected(asking.client, asking, answer))[0] == (Source(PARIS, None), Source(FRANCE, "France"))
