"""Prisma's query engine: WebAssembly in a Node process, with a small HTTP server (`*.mjs`) that speaks the native engine's protocol.

`process` starts it, watches it and replaces it when it dies or hangs. `node` finds Node. `prisma_cli` and `new_migration` run
Prisma's command line for the developer.

Before changing it: every operation may meet an engine that was just replaced. The JavaScript and the Python change together.
"""
