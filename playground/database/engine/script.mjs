// Scripts of SQL, as migrations are: any number of statements, which PostgreSQL takes as one transaction.

import pg from 'pg';

import { clientConfig } from './connection.mjs';

/** Runs `script` on a connection of its own, without a time limit. Returns what PostgreSQL objects to, or `{}`. */
export async function runScript(url, script) {
  const client = new pg.Client(clientConfig(url));
  client.on('error', () => {}); // The query that waits fails too.
  try {
    await client.connect();
    await client.query(script);
    return {};
  } catch (error) {
    return { failure: error.message };
  } finally {
    await client.end().catch(() => {});
  }
}
