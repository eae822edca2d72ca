"""`NO_PROXY` as people write it: the hosts that it names are asked without the proxy, by both HTTP clients."""

from types import ModuleType

import httpx
import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.kit.no_proxy import make_readable, unreadable_entries

_CLIENTS = [httpx, httpx2]


def rewritten(value: str) -> str:
    environment = {"NO_PROXY": value}
    make_readable(environment)
    return environment["NO_PROXY"]


def direct(client: ModuleType, value: str, url: str) -> bool:
    """Whether `client` asks `url` without a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("no_proxy", raising=False)
        patch.setenv("ALL_PROXY", "http://127.0.0.1:9")
        patch.setenv("NO_PROXY", rewritten(value))
        with client.Client(verify=False) as opened:
            return opened._transport_for_url(client.URL(url)) is opened._transport


@pytest.mark.parametrize("client", _CLIENTS)
@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("example.org localhost", "http://localhost"),
        ("example.org;localhost\r\n", "http://localhost"),
        ("example.org|localhost", "http://localhost"),
        ('"localhost,example.org"', "http://localhost"),
        ("\ufefflocalhost", "http://localhost"),
        ("*.example.org", "http://api.example.org"),
        ("*example.org", "http://example.org"),
        ("example.org.", "http://example.org"),
        ("Example.org:*", "http://example.org:8080"),
        ("example.org:8080", "http://example.org:8080"),
        ("*:8080", "http://example.org:8080"),
        ("https://example.org/", "https://example.org"),
        ("::1", "http://[::1]"),
        ("[::1]", "http://[::1]"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("[fe80::1%eth0]", "http://[fe80::1]"),
        ("bücher.example", "http://bücher.example"),
        ("xn--bcher-kva.example", "http://bücher.example"),
        ("*", "http://example.org"),
    ],
)
def test_a_host_in_no_proxy_is_called_directly(client: ModuleType, value: str, url: str) -> None:
    assert unreadable_entries(value) == []
    assert direct(client, value, url)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("10.*", "http://10.1.2.3"),
        ("192.168.*.*", "http://192.168.0.1"),
        ("10.0.0.0/8", "http://10.1.2.3"),
        ("fd00::/8", "http://[fd00::3]"),
        ("[fd00::]/8", "http://[fd00::3]"),
    ],
)
def test_a_network_in_no_proxy_is_called_directly(value: str, url: str) -> None:
    assert direct(httpx2, value, url)  # The older client, of the scripts, has no networks.


@pytest.mark.parametrize("client", _CLIENTS)
@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("localhost,<local>", "http://example.org"),
        ("*.example.org", "http://example.org"),
        ("example.org", "http://notexample.org"),
        ("example.org:8080", "http://example.org"),
        ("10.*", "http://11.0.0.1"),
        ("", "http://example.org"),
    ],
)
def test_any_other_host_is_called_through_the_proxy(client: ModuleType, value: str, url: str) -> None:
    assert not direct(client, value, url)


@given(
    st.lists(st.one_of(st.text(alphabet="a1.*:/[]%@-_ü<>^ ,;", max_size=12), st.from_regex(r"[0-9.]{1,9}(/[0-9]{1,2})?", fullmatch=True)))
)
def test_no_readable_value_stops_a_client(entries: list[str]) -> None:
    readable = ",".join(entry for entry in entries if not unreadable_entries(entry))
    assert rewritten(rewritten(readable)) == rewritten(readable)
    for client in _CLIENTS:
        direct(client, readable, "http://example.org")
