"""Which address a request counts for."""

import httpx
import pytest

from playground.limits.client_addresses import counted_as

from .conftest import Limited, from_address, new_address, reported_limits


async def left(limited: Limited, forwarded_for: str) -> int:
    """How many requests the address has left after this one."""
    async with httpx.AsyncClient(base_url=limited.url) as http:
        return reported_limits(await http.get("/", headers=from_address(forwarded_for)))["address-requests"][2]


async def test_behind_a_trusted_proxy_the_clients_own_address_counts(limited: Limited) -> None:
    one, other = new_address(), new_address()
    assert [await left(limited, address) for address in (one, one, other)] == [99, 98, 99]


async def test_addresses_written_by_a_client_are_ignored(limited: Limited) -> None:
    address = new_address()
    assert [await left(limited, f"203.0.113.{number}, {address}") for number in range(3)] == [99, 98, 97]


async def test_of_several_trusted_proxies_the_address_before_the_first_counts(limited: Limited) -> None:
    address = new_address()
    assert [await left(limited, forwarded) for forwarded in (address, f"{address}, 127.0.0.1")] == [99, 98]


async def test_without_a_trusted_proxy_the_header_is_ignored(replica: Limited) -> None:
    first = await left(replica, new_address())
    assert [await left(replica, new_address()) for _ in range(2)] == [first - 1, first - 2]


async def test_addresses_of_one_ipv6_network_count_together(limited: Limited) -> None:
    network = "2001:db8:7:1"
    addresses = (f"{network}::1", f"{network}:ffff::2", "2001:db8:7:2::1")
    assert [await left(limited, address) for address in addresses] == [99, 98, 99]


@pytest.mark.parametrize(
    ("host", "key"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("_hidden", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_grouped(host: str | None, key: str) -> None:
    assert counted_as(host) == key
