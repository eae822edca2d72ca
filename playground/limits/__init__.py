"""Limits: requests by address and user in moving windows; tokens and money by reservations in the database.

`LimitService` counts and refuses, `Quota` reserves before a run starts and settles when it ends, `Policy` says what applies to whom.

Before changing it: limits are exact under concurrent requests and across processes. Each statement of `quota_statements` is atomic.
"""
