"""Connections to providers: pools, the bytes as they arrive, and which addresses may be reached.

`channel` is the way to one provider with one key, `pool` shares connections, `public_addresses` checks where a user's base URL leads, at
the moment of connecting.

Before changing it: aiohttp's private names are touched in `aiohttp_internals` and `arrivals` only, with the version they were read in.
"""
