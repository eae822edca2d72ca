"""Logins: a family of refresh tokens each, of which one is valid at a time; access tokens; stream tickets.

`service` issues, renews and ends them, `signed_tokens` signs, `cookies` carries the refresh token for the page, `tickets` stands in for a
header where `EventSource` can't send one.

Before changing it: a refresh token that was used twice ends its login (RFC 9700), but for the few seconds in which a page reloads.
"""
