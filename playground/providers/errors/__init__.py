"""What can go wrong with a provider, by whose fault it is and what helps.

`kinds` has the errors as a tree. `classification` and `connection_failures` choose one from what came, or did not; `provider_messages`
finds the provider's own words in the many shapes in which they are sent.

Before changing it: `code` and `retryable` are on the wire and in the database. A provider's words may quote its key: they are shortened
and cleared of it here.
"""
