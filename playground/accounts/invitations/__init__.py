"""Invitations from administrators, for services where registration is not open.

An invitation is a one-time token in a mail. It is used in the transaction that creates the account, so that query is in
`accounts.repository`.

Before changing it: only hashes of tokens are stored.
"""
