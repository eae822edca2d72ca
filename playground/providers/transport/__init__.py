"""Connections to providers: pools, the bytes as they arrive, and the check of addresses.

`channel` sends requests to one provider with one key, `pool` shares connections, and `public_addresses` checks the addresses of users' base
URLs when connecting.

Before changing it: only `aiohttp_internals`, `httpx2_internals` and `openai_internals` use private names of those libraries, and state the
version in which they were read and what happens without them.
"""
