"""Everything about the services that run models: which there are, how each differs, how a call is sent and its answer read.

`Provider` is a record in a table (`builtin`) or in the operator's TOML file (`provider_file`). `ProviderClient` is the way to all of them.
`answer/` reads what comes back, `transport/` has the connections, `errors/` says whose fault a failure is, `simulator/` is a provider
that runs no models.

Before changing it: this room knows neither HTTP requests nor users nor the database; `make lint` checks it. What a provider sends is
hostile until it was read. Whatever runs once a chunk is measured by `benchmarks/relay.py`.
"""
