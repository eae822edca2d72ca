"""Reading one answer: bytes of server-sent events become deltas, a usage and an end.

`sse` splits events at blank lines, `chunks` decodes the usual chunk fast and all others leniently, `contents` processes the contents of the
chunks, `usage` merges token counts, `finish_reasons` interprets the end. `reader` combines them. `states` has the states of an answer,
which determine how long `timeouts` waits for a provider.

Before changing it: the usual chunk takes about a microsecond and a half here. Rare forms go to the slow path.
"""
