"""Connections to providers: pools, the bytes as they arrive, and the check of addresses.

`channel` sends requests to one provider with one key, `pool` shares connections, and `public_addresses` checks the addresses of users' base
URLs when connecting.

Before changing it: only `aiohttp_internals` and `arrivals` use private names of aiohttp, and state the version in which they were read.
"""
