"""The undocumented name of tiktoken that is used exists, and texts are counted without it too."""

from importlib import metadata

import pytest
from tiktoken import Encoding

from playground.accounting import tiktoken_internals
from playground.accounting.tiktoken_internals import RANKS_NAME, READ_IN, drop_ranks


@pytest.fixture
def encoding() -> Encoding:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256}
    return Encoding("small", pat_str=".+", mergeable_ranks=ranks, special_tokens={})


def test_the_name_was_read_in_this_version():
    assert metadata.version("tiktoken").split(".")[:2] == READ_IN.split(".")[:2]


def test_an_encoding_keeps_its_ranks_under_the_name(encoding: Encoding):
    assert len(getattr(encoding, RANKS_NAME)) == 257
    drop_ranks(encoding)
    assert getattr(encoding, RANKS_NAME) == {}
    assert encoding.encode("abc") == [256, 99]


def test_an_encoding_without_the_name_is_left_as_it_is(encoding: Encoding, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tiktoken_internals, "RANKS_NAME", "_gone")
    drop_ranks(encoding)
    assert not hasattr(encoding, "_gone")
    assert encoding.encode("abc") == [256, 99]
