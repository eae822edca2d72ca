"""Reading one answer: bytes of server-sent events become deltas, a usage and an end.

`sse` splits events at blank lines, `chunks` decodes the usual chunk fast and every other one with patience, `contents` takes what the
chunks contain, `usage` merges what is said of tokens, `finish_reasons` says what an end means. `reader` puts the answer together. `states`
has the states that it goes through, by which `timeouts` decides how long a provider may keep us waiting.

Before changing it: the usual chunk takes about a microsecond and a half here. What is rare goes to the slow path.
"""
