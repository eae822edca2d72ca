"""The check of users' base URLs: only public addresses, over https.

A user who can choose an address that this service connects to could make it request what only this service can reach: the database, a
router's page, the cloud's metadata. A host name is resolved again for every connection and may have another address each time (DNS
rebinding), so the check at input only informs the user earlier. The check that counts is that of each socket's address.
"""

import re
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import aiohttp
import anyio
from aiohttp.abc import AbstractResolver

Address = IPv4Address | IPv6Address

# In addition to those that `ipaddress` knows not to be global.
_NOT_PUBLIC_4 = (
    IPv4Network("192.0.0.0/24"),  # RFC 6890: protocol assignments. Some count as global, but are handled by the nearest router.
    IPv4Network("192.88.99.0/24"),  # RFC 7526: relays of 6to4, deprecated.
    IPv4Network("168.63.129.16/32"),  # Azure's platform, reachable only within a virtual machine.
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.4, and everything that IANA has assigned from it.
_NOT_PUBLIC_6 = (
    IPv6Network("2001::/23"),  # RFC 2928: protocol assignments, including Teredo, which contains an IPv4 address.
    IPv6Network("2002::/16"),  # RFC 7526: 6to4, which contains an IPv4 address; deprecated.
    IPv6Network("3fff::/20"),  # RFC 9637: documentation.
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: represents the IPv4 address in its last 32 bits.
# Other notations that resolvers accept for an IPv4 address: `2130706433`, `0x7f.1`, `127.1`, `0177.0.0.1`.
_NUMERIC = re.compile(r"(.*\.)?(\d+|0x[0-9a-f]*)\.?", re.IGNORECASE)


class AddressRefusedError(OSError):
    """A user's base URL has an address that is not allowed. The message continues "its address ...".

    An `OSError`, since it is raised instead of a failed connection.
    """


def is_public(address: Address) -> bool:
    """Return whether `address` is a single host on the public internet, including an IPv4 address embedded in it."""
    if isinstance(address, IPv6Address):
        within = address.ipv4_mapped or (IPv4Address(address.packed[-4:]) if address in _NAT64 else None)
        if within is not None:
            return is_public(within)
        return address in _GLOBAL_UNICAST and address.is_global and not any(address in network for network in _NOT_PUBLIC_6)
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC_4)


class PublicAddresses:
    """Allows public addresses. `resolver` resolves host names; by default the system's."""

    def __init__(self, resolver: AbstractResolver | None = None, *, allowed: Callable[[Address], bool] = is_public) -> None:
        self.resolver = resolver if resolver is not None else aiohttp.DefaultResolver()
        self._allowed = allowed

    async def check(self, base_url: str, *, timeout: float) -> None:
        """Check the address of `base_url` now, for at most `timeout` seconds. Raises `AddressRefusedError`."""
        check_scheme(base_url)
        host = urlsplit(base_url).hostname or ""
        try:
            addresses = [ip_address(host)]
        except ValueError:
            addresses = await self._look_up(host, timeout)
        if not all(self._allowed(address) for address in addresses):
            raise _not_public()

    async def _look_up(self, host: str, timeout: float) -> list[Address]:
        if _NUMERIC.fullmatch(host):
            raise AddressRefusedError("is neither a host name nor an IP address in the usual notation")
        try:
            with anyio.fail_after(timeout):
                found = await self.resolver.resolve(host, family=socket.AF_UNSPEC)
        except (OSError, UnicodeError):  # A time-out is an OSError too.
            found = []
        if not found:
            raise AddressRefusedError("has a host name that was not found")
        return [ip_address(each["host"]) for each in found]

    def open_socket(self, target: aiohttp.AddrInfoType) -> socket.socket:
        """Return a socket for one connection attempt; aiohttp calls this with the address that it connects to next.

        Raises `AddressRefusedError`.
        """
        family, kind, protocol, _, place = target
        if not self._allowed(ip_address(place[0])):
            raise _not_public()
        return socket.socket(family, kind, protocol)


def check_scheme(url: str) -> None:
    """Raise `AddressRefusedError` if `url` would send a key unencrypted over the internet."""
    if urlsplit(url).scheme != "https":
        raise AddressRefusedError("does not start with https://")


def _not_public() -> AddressRefusedError:
    # Always the same message: aiohttp passes on an error unchanged if all attempts failed in the same way.
    return AddressRefusedError("is not on the public internet")
