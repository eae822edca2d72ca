"""Reading PDFs in worker processes."""

import os
import subprocess
import sys

import pytest
from pypdf import PdfReader as Pypdf
from pypdf import PdfWriter

from playground.attachments.pdf_text import PdfReader, ReadingLimits

from .files import bomb, pdf


@pytest.fixture
def reader() -> PdfReader:
    return PdfReader()


async def test_the_text_of_all_pages_is_read(reader: PdfReader) -> None:
    found = await reader.read(pdf("First page", "Second page"))
    assert (found.pages, found.note) == (2, None)
    assert found.text is not None
    assert found.text.split() == ["First", "page", "Second", "page"]


async def test_a_pdf_without_text_says_so(reader: PdfReader) -> None:
    found = await reader.read(pdf("", ""))
    assert (found.pages, found.text) == (2, None)
    assert found.note == "It contains no text, only images."


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnot one at all", pdf("Hi")[:200], pdf("Hi").replace(b"/Pages", b"/Nopes")])
async def test_a_damaged_pdf_has_no_text_and_fails_nothing(reader: PdfReader, content: bytes) -> None:
    found = await reader.read(content)
    assert found.text is None
    assert found.note


async def test_a_protected_pdf_says_so(reader: PdfReader, tmp_path) -> None:
    path = tmp_path / "plain.pdf"
    path.write_bytes(pdf("Secret"))
    writer = PdfWriter(clone_from=Pypdf(path))
    writer.encrypt("password", algorithm="RC4-128")
    protected = tmp_path / "protected.pdf"
    with protected.open("wb") as file:
        writer.write(file)
    found = await reader.read(protected.read_bytes())
    assert (found.text, found.note) == (None, "It is protected by a password.")


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    found = await PdfReader(ReadingLimits(seconds=0.01)).read(pdf("Hi"))
    assert (found.text, found.note) == (None, "It takes too much time or memory to read.")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
async def test_a_reader_that_takes_too_much_memory_is_ended() -> None:
    found = await PdfReader(ReadingLimits(megabytes=16)).read(pdf("Hi"))
    assert (found.text, found.note) == (None, "It takes too much time or memory to read.")


async def test_a_small_file_that_unpacks_to_a_large_one_ends_without_text_and_leaves_no_process(reader: PdfReader) -> None:
    before = children()
    found = await reader.read(bomb(600_000_000))
    assert found.text is None
    assert found.note
    assert children() == before


def children() -> set[str]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    return {line.split()[0] for line in listed.splitlines() if "pdf_worker.py" in line and line.split()[1] == str(os.getpid())}
