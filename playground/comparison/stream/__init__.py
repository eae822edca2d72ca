"""The events of a run, and how they reach readers.

`EventLog` stores each event once, numbered from 1. A `Writer` sends everything new to one reader in one write, and `WriteRounds` decides
when. `replay` rebuilds the events of a finished turn from its record.

Before changing it: the shapes in `events` are on the wire and documented in `docs/` and the OpenAPI schema; tests compare them.
"""
