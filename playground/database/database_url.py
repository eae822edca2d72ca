"""Checks of `DATABASE_URL` before anything connects to it.

The query engine reads it by the npm package `pg-connection-string`: as a WHATWG URL (https://url.spec.whatwg.org/#url-parsing) of one
host, and with the files that it names read at once. What is refused here would end the engine, or take a piece of the password for
something else; all that is left is for PostgreSQL to judge.
"""

import re
from collections.abc import Mapping
from ipaddress import IPv6Address
from pathlib import Path
from urllib.parse import parse_qsl, unquote

_ADDRESS = re.compile(r"postgres(?:ql)?://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?P<fragment>#.*)?")
_PLACE = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]*)\]|(?P<host>[^:<>^|\[\]\\]*))(?::(?P<port>[0-9]*))?", re.IGNORECASE)
_LARGEST_PORT = 65_535
_ENCODE = "in the user name and the password, write / as %2F, # as %23, ? as %3F and % as %25"
_TAKEN_AS_WRITTEN = re.compile(r" |%[^a-f0-9]|%[a-f0-9][^a-f0-9]", re.IGNORECASE)
"""If this is found, `pg-connection-string` escapes every % that is not followed by two decimal digits."""


def check_address(url: str) -> None:
    """Raise `ValueError` if `url` can't be the address of a PostgreSQL, with what to do and without the password."""
    parts = _ADDRESS.fullmatch(url)
    if parts is None:
        raise ValueError("should be the address of a PostgreSQL server, such as postgresql://user:password@host:5432/playground")
    authority, path = parts["authority"], parts["path"]
    # No database has such a name: it is the host, after a password with a character that ended the host in the URL.
    host_comes_later = re.search("@.*/", path + (parts["fragment"] or ""))
    if host_comes_later or not _has_place(authority, path):
        raise ValueError(f"should have a single host, and a port of at most {_LARGEST_PORT}; {_ENCODE}")
    encoded = authority + path
    _check_encoding(re.sub("%(?![0-9]{2})", "%25", encoded) if _TAKEN_AS_WRITTEN.search(url) else encoded)
    _check_parameters(dict(parse_qsl(parts["query"] or "")))


def _has_place(authority: str, path: str) -> bool:
    _, at, written = authority.rpartition("@")
    if not written:
        # With a socket, there may be no host before the path.
        return not at or path != ""
    place = _PLACE.fullmatch(written)
    if place is None or int(place["port"] or 0) > _LARGEST_PORT:
        return False
    return place["host"] != "" if place["ipv6"] is None else _is_ipv6(place["ipv6"])


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _check_encoding(text: str) -> None:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError(f"has a % that doesn't encode a UTF-8 character; {_ENCODE}") from None


def _check_parameters(parameters: Mapping[str, str]) -> None:
    if port := parameters.get("port"):
        number = re.match(r"\s*([0-9]+)", port)
        if number is None or int(number[1]) > _LARGEST_PORT:
            raise ValueError(f"port should be a number of at most {_LARGEST_PORT}")
    for name in ("sslrootcert", "sslcert", "sslkey"):
        if file := parameters.get(name):
            _check_file(name, file)
    by_libpq = parameters.get("uselibpqcompat", "true") == "true"
    if by_libpq and parameters.get("sslmode") == "verify-ca" and "sslrootcert" not in parameters:
        raise ValueError("sslmode=verify-ca needs sslrootcert, the file with the trusted certificate; without it, use sslmode=verify-full")


def _check_file(name: str, file: str) -> None:
    try:
        with Path(file).open("rb"):
            pass
    except OSError as error:
        if (name, file) == ("sslrootcert", "system"):
            raise ValueError(
                "sslrootcert=system is not supported; remove it: sslmode=verify-full then trusts the certificates that Node trusts"
            ) from None
        raise ValueError(f"{name} {file} can't be read: {error.strerror}") from None
