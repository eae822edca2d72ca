"""Which requests without a login are counted together."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_NETWORK_BITS = 64
"""IPv6 addresses are counted by their /64 network: a customer gets at least that (RFC 6177), and can use any address in it."""
_UNKNOWN = "unknown"


@lru_cache(maxsize=10_000)
def counted_as(host: str | None) -> str:
    """Return `host`, or for IPv6 its /64 network. Anything that is not an address, such as a socket, counts as one client."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, _NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
