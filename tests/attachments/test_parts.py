"""What a file becomes in a message, for each kind of model; and loading the files of a turn."""

import base64

import pytest

from playground.attachments.image_sizes import ImageSize
from playground.attachments.parts import Asked, FileNotSupported, LoadedFile, check_lanes, parts_for
from playground.attachments.service import AttachmentNotFound, Attachments
from playground.kit.errors import BadInput
from playground.kit.ids import new_id
from playground.providers.records import ListedModel, Provider
from playground.serving.server import RunningService

from ..support.client import User
from .files import pdf, png

IMAGE = LoadedFile("1", "a.png", "image", "image/png", png(1024, 1024), size=ImageSize(1024, 1024))
TEXT = LoadedFile("2", "a.csv", "text", "text/plain", b"1,2", text="1,2")
PDF = LoadedFile("3", "a.pdf", "pdf", "application/pdf", pdf("Hi"), pages=2, text="Hi there")
SCAN = LoadedFile("4", "scan.pdf", "pdf", "application/pdf", pdf(""), pages=3, note="It contains no text, only images.")


def asked(model: str, *inputs: str, provider: str = "groq") -> Asked:
    listed = ListedModel(model, input_modalities=inputs) if inputs else None
    return Asked(Provider(provider, provider.title(), "https://api.example.com/v1"), model, listed)


def as_data(file: LoadedFile) -> str:
    return f"data:{file.type};base64,{base64.b64encode(file.content).decode()}"


def test_an_image_is_an_image_url_with_its_data_and_estimated_tokens() -> None:
    parts = parts_for([IMAGE], asked("some-vision", "text", "image"))
    assert parts.content == ({"type": "image_url", "image_url": {"url": as_data(IMAGE)}},)
    assert (parts.tokens, parts.texts, parts.skipped) == (765, (), ())


def test_the_vendor_of_the_model_says_how_an_image_counts() -> None:
    assert parts_for([IMAGE], asked("anthropic/claude-sonnet-4.5", "text", "image", provider="openrouter")).tokens == 1399


def test_an_image_goes_to_a_model_of_which_nothing_is_known() -> None:
    assert len(parts_for([IMAGE], asked("novel")).content) == 1


def test_a_text_is_a_text_with_its_name() -> None:
    parts = parts_for([TEXT], asked("any", "text"))
    [part] = parts.content
    assert part["type"] == "text"
    assert part["text"] == parts.texts[0]
    assert "a.csv" in part["text"]
    assert "1,2" in part["text"]
    assert parts.tokens == 0


@pytest.mark.parametrize(
    "model",
    [asked("gpt-4o", provider="openai"), asked("maker/reader", "text", "file", provider="openrouter")],
    ids=lambda model: model.full_name,
)
def test_a_pdf_goes_as_it_is_to_a_model_that_reads_it(model: Asked) -> None:
    parts = parts_for([PDF, SCAN], model)
    assert [part["type"] for part in parts.content] == ["file", "file"]
    assert parts.content[0]["file"] == {"filename": "a.pdf", "file_data": as_data(PDF)}
    assert parts.tokens > 5 * 300
    assert parts.texts == ()


@pytest.mark.parametrize(
    "model",
    [asked("gpt-3.5-turbo", provider="openai"), asked("maker/m", "text", "image", provider="openrouter"), asked("llama-3.3-70b")],
    ids=lambda model: model.full_name,
)
def test_a_pdf_is_its_text_for_other_models(model: Asked) -> None:
    parts = parts_for([PDF], model)
    assert [part["type"] for part in parts.content] == ["text"]
    assert "Hi there" in parts.texts[0]


def test_what_a_model_cannot_take_is_skipped_with_the_reason_and_the_rest_keeps_its_order() -> None:
    parts = parts_for([TEXT, IMAGE, SCAN, PDF], asked("only-text", "text"))
    assert [part["text"].split()[1] for part in parts.content] == ["a.csv", "a.pdf"]
    assert [(skipped.name, skipped.reason) for skipped in parts.skipped] == [
        ("a.png", "groq/only-text doesn't take images: a.png can't be sent to it."),
        (
            "scan.pdf",
            "groq/only-text takes only the text of a PDF, and scan.pdf has none that could be read. It contains no text, only images.",
        ),
    ]


def test_lanes_that_cannot_take_a_file_are_named() -> None:
    lanes = {"lanes.0": asked("sees", "text", "image"), "lanes.1": asked("only-text", "text"), "lanes.2": asked("also-text", "text")}
    with pytest.raises(FileNotSupported) as caught:
        check_lanes([IMAGE, TEXT], lanes)
    assert [error.field for error in caught.value.errors] == ["lanes.1", "lanes.2"]
    check_lanes([IMAGE, TEXT], {"lanes.0": lanes["lanes.0"]})
    check_lanes([TEXT, PDF], lanes)


@pytest.fixture
def attachments(service: RunningService) -> Attachments:
    return service.services.get(Attachments)


async def test_the_files_of_a_turn_are_loaded_in_its_order_with_content_and_text(
    user: User, service: RunningService, portal, attachments: Attachments
) -> None:
    ids = []
    for content, name in ((pdf("Read me"), "a.pdf"), (png(5, 6), "b.png"), ("naïve\r\n".encode("cp1252"), "c.txt")):
        ids.append((await user.http.post("/attachments", files={"file": (name, content)})).json()["id"])
    loaded = portal.call(attachments.load, user.account["id"], [ids[2], ids[0], ids[1]])
    assert [(file.name, file.kind) for file in loaded] == [("c.txt", "text"), ("a.pdf", "pdf"), ("b.png", "image")]
    assert [file.text and file.text.strip() for file in loaded] == ["naïve", "Read me", None]
    assert loaded[2].content == png(5, 6)
    parts = portal.call(attachments.parts, loaded, asked("sees", "text", "image"))
    assert [part["type"] for part in parts.content] == ["text", "text", "image_url"]


async def test_an_id_that_is_not_the_users_is_not_found_and_its_place_is_named(
    user: User, other_user: User, portal, attachments: Attachments
) -> None:
    mine, theirs = [(await who.http.post("/attachments", files={"file": ("a.txt", b"hi")})).json()["id"] for who in (user, other_user)]
    with pytest.raises(AttachmentNotFound) as caught:
        portal.call(attachments.load, user.account["id"], [mine, theirs, new_id()])
    assert [error.field for error in caught.value.errors] == ["attachments.1", "attachments.2"]


async def test_a_turn_has_ten_files_at_most_and_each_once(user: User, portal, attachments: Attachments) -> None:
    for ids in ([new_id() for _ in range(11)], ["same", "same"]):
        with pytest.raises(BadInput) as caught:
            portal.call(attachments.load, user.account["id"], ids)
        assert [error.field for error in caught.value.errors] == ["attachments"]
    assert portal.call(attachments.load, user.account["id"], []) == []
