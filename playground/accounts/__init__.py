"""Accounts, and the user that a request comes from.

`User` is the user and the rights of a request. `Identities` finds it without a query for every request. `authorization`
has the annotated dependencies that say who can call an endpoint. Logins, invitations, passwords and the export have
their own folders.

Before changing it: every change of an account must be announced, so that all replicas clear their caches. Another
user's object is 404.
"""
