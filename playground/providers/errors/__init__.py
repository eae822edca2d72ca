"""The failures of providers, by their cause and what helps.

`kinds` has the errors as a tree. `classification` and `connection_failures` choose one from a response or its absence; `provider_messages`
finds the provider's own words in the many forms in which they are sent.

Before changing it: `code` and `retryable` are on the wire and in the database. A provider's words may contain its key; they are shortened
and the key is removed here.
"""
