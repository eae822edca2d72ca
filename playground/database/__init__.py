"""The database: one PostgreSQL, accessed through Prisma.

`Database.run` gives a repository the Prisma client, and repeats operations that fail because the engine or PostgreSQL is unavailable.
`Foundation` has what every room needs to open. `engine/` runs Prisma's query engine, `embedded/` runs a PostgreSQL if no
`DATABASE_URL` is set, `audit` records who changed what.

Before changing it: a query takes about 2.5 ms, so the path of a chunk must have none. Operations must be safe to repeat. Only
`prisma_internals` touches Prisma's private names.
"""
