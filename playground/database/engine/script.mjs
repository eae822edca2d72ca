// SQL scripts, such as migrations: any number of statements, which PostgreSQL runs as one transaction.

import pg from 'pg';

import { clientConfig } from './connection.mjs';

/** Run `script` on a separate connection, without a time limit. Return PostgreSQL's error, or `{}`. */
export async function runScript(url, script) {
  const client = new pg.Client(clientConfig(url));
  client.on('error', () => {}); // The waiting query also fails.
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
