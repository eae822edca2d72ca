"""Variables that HTTP clients read by themselves: what is wrong with one is a sentence, for every command."""

import os
from pathlib import Path

import pytest

from playground.kit.http_environment import environment_faults, prepare_environment

from .conftest import executed


@pytest.mark.parametrize("command", [("serve",), ("compare", "Hi", "-m", "sim/quick")], ids=["serve", "compare"])
@pytest.mark.parametrize(
    ("variable", "value"),
    [("ALL_PROXY", "socks://127.0.0.1:9/"), ("SSL_CERT_FILE", "/nonexistent/cacert.pem"), ("SSLKEYLOGFILE", "/nonexistent/keys")],
)
def test_a_command_ends_with_one_line_that_names_the_variable(tmp_path: Path, command: tuple[str, ...], variable: str, value: str) -> None:
    done = executed(tmp_path, *command, **{variable: value})
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"playground: {variable}={value}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("all_proxy", "socks5://127.0.0.1:1080", "HTTP proxy, such as http://127.0.0.1:3128"),
        ("HTTP_PROXY", "http://proxy:port/", "host or port can't be read"),
        ("HTTPS_PROXY", "ftp://proxy", "ftp://"),
        ("HTTPS_PROXY", "http://", "is not an address"),
        ("http_proxy", "a b", "is not an address"),
        ("HTTP_PROXY", "http://[::1", "is not an address"),
        ("HTTP_PROXY", "http://300.1.1.1:3128", "is not an address"),
        ("HTTP_PROXY", "http://zero\u200bwidth:3128", "is not an address"),
        ("NO_PROXY", "[::1", '"[::1" is not a host'),
        ("NO_PROXY", "localhost,example.org:99999", "separated by commas"),
        ("NO_PROXY", "example.org:port", '"example.org:port"'),
        ("SSL_CERT_FILE", "/", "can't be read"),
        ("SSL_CERT_FILE", __file__, "contains no PEM certificate"),
        ("SSL_CERT_DIR", "/nonexistent", "the folder /nonexistent doesn't exist"),
        ("SSLKEYLOGFILE", "/nonexistent/keys", "can't be written"),
    ],
)
def test_an_error_names_the_variable_and_what_to_write(variable: str, value: str, said: str) -> None:
    (fault,) = environment_faults({variable: value})
    assert fault.startswith(variable)
    assert said in fault
    assert fault.endswith(f"unset {variable}.")


def test_a_proxys_password_is_not_shown() -> None:
    assert "s3cret" not in str(environment_faults({"ALL_PROXY": "socks5://user:s3cret@proxy:1080"}))
    assert "s3cret" not in str(environment_faults({"HTTP_PROXY": "user:s3cret@proxy:port"}))
    assert "s3cret" not in str(environment_faults({"HTTP_PROXY": "http://user:p@/s3cret@proxy:port"}))


def test_quotes_and_line_ends_around_a_proxy_are_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", '"http://proxy:3128"\r')
    monkeypatch.setenv("no_proxy", "'localhost;127.0.0.1'")
    assert prepare_environment() == []
    assert (os.environ["HTTPS_PROXY"], os.environ["no_proxy"]) == ("http://proxy:3128", "localhost,127.0.0.1")


def test_usable_values_are_not_reported(tmp_path: Path) -> None:
    hosts = "localhost,127.0.0.1, ::1,.example.org,*.local,example.org:8080,10.0.0.0/8,fe80::/10,[::1],[::1]:80,*,my_host,http://x.org,"
    usable = {"HTTP_PROXY": "proxy:3128", "https_proxy": "http://u:p@proxy:3128/", "ALL_PROXY": "", "NO_PROXY": hosts}
    assert environment_faults(usable | {"SSL_CERT_DIR": str(tmp_path), "SSLKEYLOGFILE": str(tmp_path / "keys"), "SOME_PROXY": "x y"}) == []
