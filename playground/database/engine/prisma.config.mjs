// The configuration of the Prisma CLI: with WebAssembly engines, and PostgreSQL through node-postgres.

import { fileURLToPath } from 'node:url';

import { adaptersFor } from './connection.mjs';

const fromRoot = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

// `migrate deploy` sets a timer for the case that it does not get its lock, and leaves it running when it does: the program would
// end ten seconds after its work. No work waits for so long a timer.
const LOCK_TIMEOUT = 10_000;
const { setTimeout: setTimer } = globalThis;
globalThis.setTimeout = (callback, delay, ...rest) => {
  const timer = setTimer(callback, delay, ...rest);
  return delay >= LOCK_TIMEOUT ? timer.unref() : timer;
};

export default {
  schema: fromRoot('schema.prisma'),
  migrations: { path: fromRoot('migrations') },
  experimental: { adapter: true },
  engine: 'js',
  // Idle connections would also prevent the program from ending.
  adapter: async () => adaptersFor(process.env.DATABASE_URL, { pool: { allowExitOnIdle: true } }),
};
