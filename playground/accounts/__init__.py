"""Accounts, and who a request comes from.

`User` is who asks and by what right, `Identities` finds it without a query for every request, `authorization` has the annotated
dependencies that say who may call an endpoint. Logins, invitations, passwords and the export are folders of their own.

Before changing it: whatever changes an account announces it, so that every replica forgets what it remembered. Someone else's object
is 404.
"""
