#!/usr/bin/env node
// Prisma's query engine as a separate program: a replacement for the native `query-engine`, based on WebAssembly.
//
// Our service starts it (playground/database/engine/process.py) and writes one line of JSON to its standard input:
//   {"url": "postgresql://...", "poolSize": 10, "statementTimeout": 25000, "datamodel": "<path of schema.prisma>", "secret": "..."}
// It responds with one line on its standard output, {"port": 43210}: there it serves clients that send the secret. It ends
// when its standard input is closed, which happens however the service ends.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { engineAdapter } from './adapter.mjs';
import { adaptersFor } from './connection.mjs';
import { Failures } from './failures.mjs';
import { serve } from './server.mjs';
import { cutWhenSilent } from './silence.mjs';
import { webAssemblyEngine } from './webassembly.mjs';

const CONNECT_TIMEOUT = 5_000; // For a new connection, and for waiting for a free one in the pool; milliseconds.
const IDLE_TIMEOUT = 60_000;
const GOODBYE_TIMEOUT = 1_000;

// The commit of the engine in @prisma/client 6.19.3: Prisma's generator for Python asks for it.
const ENGINE_VERSION = 'c2990dca591cba766e3b7ef5d9e8a84796e47ab7';

async function startEngine({ url, poolSize, statementTimeout, datamodel }) {
  const failures = new Failures();
  const adapter = await adaptersFor(url, {
    pool: { max: poolSize, connectionTimeoutMillis: CONNECT_TIMEOUT, idleTimeoutMillis: IDLE_TIMEOUT },
    session: { statement_timeout: statementTimeout },
    // An idle connection was lost, such as when PostgreSQL restarts. The pool drops it and opens another when needed.
    onPoolError: (error) => console.error(`a connection to PostgreSQL was lost: ${error.message}`),
  }).connect();
  cutWhenSilent(adapter.underlyingDriver());
  const engine = await webAssemblyEngine(readFileSync(datamodel, 'utf8'), engineAdapter(adapter, failures));
  return { engine, failures };
}

async function main() {
  const input = createInterface({ input: process.stdin });
  const lines = input[Symbol.asyncIterator]();
  const settings = JSON.parse((await lines.next()).value);
  const { engine, failures } = await startEngine(settings);
  const server = await serve(engine, failures, settings);
  console.log(JSON.stringify({ port: server.address().port }));

  await lines.next(); // Wait for the end of the input.
  setTimeout(() => process.exit(0), GOODBYE_TIMEOUT).unref();
  server.close();
  server.closeAllConnections();
  await engine.disconnect();
  process.exit(0);
}

if (process.argv.includes('--version')) {
  console.log(`query-engine ${ENGINE_VERSION}`);
} else {
  // Ctrl-C and SIGTERM also reach this process. The service still has text to save then, and ends this process when it is done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  await main();
}
