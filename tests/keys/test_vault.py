"""Encryption of the users' keys."""

import pytest

from playground.keys.encryption import SealBroken, Vault

OLD, NEW, LOST = "old secret " * 4, "new secret " * 4, "lost secret " * 4
KEY = "sk-proj-0123456789"
CONTEXT = ("user-1", "openai", None)


def test_sealed_text_can_be_opened_and_is_unreadable() -> None:
    vault = Vault([NEW])
    sealed = vault.seal(KEY, *CONTEXT)
    assert vault.open(sealed, *CONTEXT) == KEY
    assert KEY not in sealed
    assert vault.seal(KEY, *CONTEXT) != sealed


@pytest.mark.parametrize(
    "other",
    [
        ("user-2", "openai", None),
        ("user-1", "groq", None),
        ("user-1", "openai", "https://elsewhere.example/v1"),
        ("user-1", "openai"),
        ("user-1openai", "", None),
        (),
    ],
)
def test_text_sealed_for_one_context_cannot_be_opened_in_another(other: tuple[str | None, ...]) -> None:
    vault = Vault([NEW])
    with pytest.raises(SealBroken):
        vault.open(vault.seal(KEY, *CONTEXT), *other)


def test_text_sealed_with_an_earlier_secret_can_be_opened_and_renewed() -> None:
    sealed = Vault([OLD]).seal(KEY, *CONTEXT)
    rotated = Vault([NEW, OLD])
    assert rotated.open(sealed, *CONTEXT) == KEY
    renewed = rotated.renewed(sealed, *CONTEXT)
    assert renewed is not None
    # From then on the earlier secret is not needed any more.
    assert Vault([NEW]).open(renewed, *CONTEXT) == KEY
    assert rotated.renewed(renewed, *CONTEXT) is None


def test_without_its_secret_nothing_can_be_opened() -> None:
    sealed = Vault([LOST]).seal(KEY, *CONTEXT)
    for attempt in (Vault([NEW, OLD]).open, Vault([NEW, OLD]).renewed):
        with pytest.raises(SealBroken):
            attempt(sealed, *CONTEXT)


@pytest.mark.parametrize("text", ["", "no seal", "gAAAAA", "\u00e9"])
def test_text_that_was_never_sealed_cannot_be_opened(text: str) -> None:
    with pytest.raises(SealBroken):
        Vault([NEW]).open(text, *CONTEXT)
