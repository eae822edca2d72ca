"""Limits: requests per address and user in moving windows, tokens and money by reservations in the database.

`LimitService` counts and refuses requests. `UserQuota` reserves before a run starts. `Policy` says which limits apply to a user.

Before changing it: limits are exact under concurrent requests and across processes. Every statement in `quota_statements` is atomic.
"""
