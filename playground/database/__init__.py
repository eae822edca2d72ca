"""The database as the rest of the service sees it: one PostgreSQL, reached through Prisma.

`Database.run` gives a repository the Prisma client and repeats what failed because the engine or PostgreSQL went away for a moment.
`Foundation` is what every room opens on. `engine/` runs Prisma's query engine, `embedded/` a PostgreSQL of our own where no
`DATABASE_URL` is set, `audit` records who changed what.

Before changing it: a query costs about 2.5 ms. None belongs on the path of a chunk, and whatever is repeated must be safe to repeat.
Prisma's private names are touched in `prisma_internals` and `engine/process` only.
"""
