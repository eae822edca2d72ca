"""Prisma's query engine: WebAssembly in a Node process, with a small HTTP server (`*.mjs`) that speaks the native engine's protocol.

`process` starts it, watches it, and replaces it if it dies or hangs. `node` finds Node. `prisma_cli` and `new_migration` run
Prisma's command line for developers.

Before changing it: any operation can meet an engine that has just been replaced. JavaScript and Python must be changed together.
"""
