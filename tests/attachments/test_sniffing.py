"""What a file is, by its bytes."""

import pytest

from playground.attachments.image_sizes import ImageSize
from playground.attachments.sniffing import sniff, text_of

from .files import gif, jpeg, pdf, png, webp

SIZE = (1023, 517)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(*SIZE), "image/png"),
        (gif(*SIZE), "image/gif"),
        (jpeg(*SIZE), "image/jpeg"),
        (jpeg(*SIZE, frame=0xC2), "image/jpeg"),
        (webp(*SIZE), "image/webp"),
        (webp(*SIZE, "VP8L"), "image/webp"),
        (webp(*SIZE, "VP8 "), "image/webp"),
    ],
    ids=["png", "gif", "jpeg", "progressive jpeg", "extended webp", "lossless webp", "lossy webp"],
)
def test_an_image_is_known_by_its_first_bytes_and_its_size_is_read_from_its_header(content: bytes, expected: str) -> None:
    found = sniff(content)
    assert found is not None
    assert (found.kind, found.type, found.size) == ("image", expected, ImageSize(*SIZE))


@pytest.mark.parametrize("content", [png(*SIZE), gif(*SIZE), jpeg(*SIZE), webp(*SIZE), webp(*SIZE, "VP8L"), webp(*SIZE, "VP8 ")])
def test_an_image_that_ends_within_its_header_is_none_and_no_end_of_it_breaks_the_reader(content: bytes) -> None:
    results = [sniff(content[:length]) for length in range(len(content))]
    assert all(found is None or found.kind in {"image", "text"} for found in results)
    assert results[8] is None or results[8].kind == "text"


@pytest.mark.parametrize("content", [png(0, 5), gif(5, 0), jpeg(0, 5), b"\xff\xd8\xff\xe1\0\0", b"RIFF\0\0\0\0WEBPVP9 " + b"\0" * 30])
def test_an_image_without_a_size_is_nothing(content: bytes) -> None:
    assert sniff(content) is None


def test_a_pdf_is_known_by_its_header_which_may_come_a_little_late() -> None:
    for content in (pdf("Hi"), b"\n\n" + pdf("Hi"), b"x" * 1000 + b"%PDF-1.7"):
        found = sniff(content)
        assert found is not None
        assert found.type == "application/pdf"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"plain", "plain"),
        ("naïve 日本 🙂\r\n\tindented\f".encode(), "naïve 日本 🙂\r\n\tindented\f"),
        (b"\xef\xbb\xbfmarked", "marked"),
        ("wide 日本".encode("utf-16"), "wide 日本"),
        (b"\xfe\xff" + "wide".encode("utf-16-be"), "wide"),
        ("wider".encode("utf-32"), "wider"),
        (b"caf\xe9 \x80 5", "café € 5"),
        (b"<html><script>alert(1)</script>", "<html><script>alert(1)</script>"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', '<svg xmlns="http://www.w3.org/2000/svg"/>'),
        (b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m"),
    ],
)
def test_text_of_any_kind_is_plain_text(content: bytes, text: str) -> None:
    found = sniff(content)
    assert found is not None
    assert (found.kind, found.type) == ("text", "text/plain")
    assert text_of(content) == text


@pytest.mark.parametrize(
    "content", [b"", b"\x7fELF\x02\x01\x01\0", b"PK\x03\x04\x14\0\0", b"text\0more", bytes(range(256)), b"MZ\x90\0\x03"]
)
def test_what_is_no_text_and_no_image_is_nothing(content: bytes) -> None:
    assert sniff(content) is None
