"""The services that run models: which ones exist, how they differ, how a call is sent and its answer read.

`Provider` is a record in a table (`builtin`) or in the operator's TOML file (`provider_file`). `ProviderClient` calls all of them.
`answer/` reads answers, `transport/` has the connections, `errors/` classifies failures, `simulator/` is a provider without real models.

Before changing it: this room knows neither HTTP requests nor users nor the database; `make lint` checks that. Treat everything that a
provider sends as hostile until it has been read. Code that runs for every chunk is measured by `benchmarks/relay.py`.
"""
