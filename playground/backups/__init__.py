"""Backups of an installation that uses the embedded PostgreSQL: one file with everything in the data folder that can't be made again.

`archive` writes and reads the file: the database as `pg_dump` writes it, the journal of unfinished answers, and the secrets.

Before changing it: the journal is copied before the database is dumped, and again afterwards. A turn that ends in between is then in both,
and recovery accepts that; the other way round it would be in neither.
"""
