"""`NO_PROXY` in the form that every HTTP client reads.

People write it for curl, Go, Java, Windows and macOS: with spaces, semicolons or quotes, and with entries such as `[::1]`,
`*.example.org`, `10.*` or names in other scripts. httpx and httpx2 each fail on some of these when a client is created, and ignore
others. An entry with a scheme reaches their patterns unchanged (`get_environment_proxies` in `_utils.py` of httpx 0.28 and httpx2
2.16), so entries that one of them can't read are written that way.
"""

import re
from collections.abc import MutableMapping
from ipaddress import IPv4Network, IPv6Network, ip_network

_SEPARATORS = re.compile(r"""[\s,;|"']+""")
_SCHEME = re.compile(r"(?:all|https?)://", re.IGNORECASE)
_BRACKETED = re.compile(r"\[([^\[\]%]+)(?:%[^\[\]]*)?\](:[0-9]{1,5})?(/[0-9]{1,3})?")
_IPV4_WILDCARD = re.compile(r"((?:[0-9]{1,3}\.){1,3})\*(?:\.\*)*")
_NAME = re.compile(r"([^:\[\]]*)(?::([0-9]{1,5}|\*))?")
_HIGHEST_PORT = 65_535


def unreadable_entries(value: str) -> list[str]:
    """Return the entries of a `NO_PROXY` that are no hosts to any client."""
    return [entry for entry in _entries(value) if _readable(entry) is None]


def make_readable(environment: MutableMapping[str, str]) -> None:
    """Rewrite `NO_PROXY` and `no_proxy` in `environment`. Unreadable entries stay unchanged."""
    for name in [name for name in environment if name.lower() == "no_proxy"]:
        environment[name] = ",".join(_readable(entry) or entry for entry in _entries(environment[name]))


def _entries(value: str) -> list[str]:
    # Windows editors and shells leave byte order marks and zero-width spaces.
    printable = "".join(character for character in value if character.isprintable() or character.isspace())
    return [entry for entry in _SEPARATORS.split(printable) if entry]


def _readable(entry: str) -> str | None:
    match = _SCHEME.match(entry)
    scheme = match[0].lower() if match else ""
    host = _readable_host(entry[len(scheme) :].removesuffix("/") if scheme else entry)
    return host and (scheme + host.removeprefix("all://") if scheme else host)


def _readable_host(host: str) -> str | None:
    bracketed = _BRACKETED.fullmatch(host)
    address, port, prefix = (bracketed[1], bracketed[2] or "", bracketed[3] or "") if bracketed else (host.partition("%")[0], "", "")
    try:
        network = ip_network(address + prefix, strict=False)
    except ValueError:
        return None if bracketed else _ipv4_wildcard(host) or _readable_name(host)
    if not isinstance(network, IPv6Network):
        return host if bracketed is None else None
    bare, slash, length = (address + prefix).partition("/")
    return f"all://[{bare}]{port}{slash}{length}"


def _ipv4_wildcard(host: str) -> str | None:
    """Return the network that `10.*` or `192.168.*.*` means, and `None` for anything else."""
    match = _IPV4_WILDCARD.fullmatch(host)
    if match is None:
        return None
    numbers = match[1].removesuffix(".").split(".")
    try:
        return str(IPv4Network(f"{'.'.join([*numbers, *['0'] * (4 - len(numbers))])}/{8 * len(numbers)}"))
    except ValueError:
        return None


def _readable_name(host: str) -> str | None:
    match = _NAME.fullmatch(host)
    if match is None:
        return None
    name, port = match[1].rstrip("."), "" if match[2] in (None, "*") else f":{match[2]}"
    if port and int(port[1:]) > _HIGHEST_PORT:
        return None
    if port and name in ("", "*"):
        return f"all://*{port}"
    # Clients read `.example.org` as people read `*.example.org`, and `example.org` as including its subdomains.
    name = name if name == "*" else name.lstrip("*")
    if name.isascii() and "xn--" not in name.lower():
        return name + port
    import idna  # noqa: PLC0415 - rarely needed

    try:
        # httpx2 can't read a wildcard before such a name, so that it means only the host itself.
        return f"all://{idna.encode(name.lstrip('.'), uts46=True).decode()}{port}"
    except idna.IDNAError:
        return None
