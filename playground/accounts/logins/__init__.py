"""Logins, access tokens and stream tickets. A login is a family of refresh tokens, of which one is valid at a time.

`service` creates, renews and ends logins. `signed_tokens` signs tokens. `cookies` stores the refresh token for the page.
`tickets` are used instead of a header, which `EventSource` can't send.

Before changing it: a refresh token that is used twice ends its login (RFC 9700), except within the few seconds that a page
needs to reload.
"""
