"""Invitations by administrators, for services where registration is not open.

An invitation is a one-time token in a mail; using it belongs to the account that is created, so that query is in `accounts.repository`.

Before changing it: only hashes of tokens are stored.
"""
