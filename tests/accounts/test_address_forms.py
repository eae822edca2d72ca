"""One address in its many forms: what registered logs in."""

import unicodedata

import httpx
import pytest

from ..support.client import PASSWORD


@pytest.mark.parametrize(
    ("registered", "forms"),
    [
        ("punycode@xn--mnchen-3ya.example", ["punycode@münchen.example", "PunyCode@XN--MNCHEN-3YA.example", "punycode@MÜNCHEN.example"]),
        ("unicode@bücher.example", ["unicode@xn--bcher-kva.example", unicodedata.normalize("NFD", "unicode@bücher.example")]),
        (unicodedata.normalize("NFD", "josé@example.org"), [unicodedata.normalize("NFC", "josé@example.org"), "JOSÉ@example.org"]),
        ("Blanks@Example.org", [" blanks@example.org", "blanks@example.org\n", "\tBLANKS@example.org "]),
    ],
)
async def test_an_address_that_registered_logs_in_in_each_of_its_forms(
    anonymous: httpx.AsyncClient, registered: str, forms: list[str]
) -> None:
    made = await anonymous.post("/auth/register", json={"email": registered, "password": PASSWORD, "name": "User"})
    assert made.status_code == 201, made.text
    for form in [registered, *forms]:
        for field in ("email", "username"):
            logged_in = await anonymous.post("/auth/login", json={field: form, "password": PASSWORD})
            assert logged_in.status_code == 200, (field, form)
        again = await anonymous.post("/auth/register", json={"email": form.strip(), "password": PASSWORD, "name": "User"})
        assert again.status_code == 409, form


@pytest.mark.parametrize("odd", ["@", "a@", "@b", "a@b@c", "x" * 300 + "@y", "a@" + "xn--" * 70, "a@\u2028", "a@xn--.example"])
async def test_an_invalid_address_is_a_wrong_login(anonymous: httpx.AsyncClient, odd: str) -> None:
    assert (await anonymous.post("/auth/login", json={"email": odd, "password": PASSWORD})).status_code == 401
