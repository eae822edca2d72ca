"""Users' keys for providers, and addresses of their own servers: stored, checked, used in place of the server's.

`user_keys` keeps them in memory for runs, `key_check` finds out whether one works, as cheaply as the provider allows.

Before changing it: what runs on such a key is the user's money (`ownKey`), and its address must lead to the public internet.
"""
