"""Whose requests are counted together when nobody is logged in."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

_NETWORK_BITS = 64
"""Of an IPv6 address: a customer gets at least that network (RFC 6177), and can use any address in it."""
_UNKNOWN = "unknown"


@lru_cache(maxsize=10_000)
def counted_as(host: str | None) -> str:
    """The address `host`, for IPv6 its network of 64 bits. What is no address, as of a socket or a confused proxy, counts as one client."""
    try:
        address = ip_address((host or "").partition("%")[0])
    except ValueError:
        return _UNKNOWN
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return str(ip_network((address, _NETWORK_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
