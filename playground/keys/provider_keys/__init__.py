"""Users' keys for providers, and addresses of their own servers: stored, tested, and used instead of the server's.

`user_keys` caches them for runs. `key_check` tests whether a key works, as cheaply as the provider allows.

Before changing it: runs with such a key cost the user's money (`ownKey`), and its address must be on the public internet.
"""
