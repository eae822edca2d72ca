"""The events of a run and their way to readers.

`event_log` keeps each event once, numbered from 1; a `Writer` sends one reader all that is new in one write; `write_rounds` decides when;
`replay` makes the events of a turn again from its record.

Before changing it: the shapes in `events` are on the wire, and documented in `docs/` and the OpenAPI schema; tests compare them.
"""
