// The connection to PostgreSQL, for the query engine and for the Prisma CLI.

import { randomUUID } from 'node:crypto';

import { PrismaPg } from '@prisma/adapter-pg';
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';
import { parse, toClientConfig } from 'pg-connection-string';

import { keepTimeLimits } from './time_limits.mjs';

// The required settings of every session. node-postgres ignores the zone of times, so the session must be in UTC. Prisma
// reads dates in ISO order.
const SESSION = { TimeZone: 'UTC', DateStyle: 'ISO' };

/** Return the settings of a node-postgres pool for `url`, whose parameters are read as by libpq, above all `sslmode`. */
function poolConfig(url, session) {
  // Without libpq compatibility, node-postgres 8 also verifies certificates with `sslmode=require`, and warns that this will change.
  const { schema, ...config } = toClientConfig(parse(url, { useLibpqCompat: !url.includes('uselibpqcompat=') }));
  if (config.host?.startsWith('/')) config.ssl = false;
  const parameters = { ...SESSION, ...session, ...(schema && { search_path: schema }) };
  const ours = Object.entries(parameters).map(([name, value]) => `-c ${name}=${value}`);
  const options = [...ours, config.options].filter(Boolean).join(' ');
  return { schema, config: { fallback_application_name: 'playground', keepAlive: true, ...config, options } };
}

// PostgreSQL's catalogue has columns of its internal type "char", which the CLI reads and the adapter doesn't know.
const INTERNAL_CHAR = 18;

function readInternalChar(adapter) {
  const performIO = adapter.performIO.bind(adapter);
  const queryRaw = adapter.queryRaw.bind(adapter);
  const found = new WeakMap(); // The columns of that type, by query.

  adapter.performIO = async (query) => {
    const result = await performIO(query);
    const fields = result.fields ?? []; // A script of several statements has several results, which no one reads.
    const columns = fields.flatMap((field, column) => (field.dataTypeID === INTERNAL_CHAR ? [column] : []));
    for (const column of columns) fields[column].dataTypeID = pg.types.builtins.TEXT;
    found.set(query, columns);
    return result;
  };
  adapter.queryRaw = async (query) => {
    const result = await queryRaw(query);
    for (const column of found.get(query)) result.columnTypes[column] = ColumnTypeEnum.Character;
    return result;
  };
}

class Adapters extends PrismaPg {
  async connect() {
    const adapter = await super.connect();
    readInternalChar(adapter);
    keepTimeLimits(adapter);
    return adapter;
  }

  // Where the CLI tests migrations. Prisma's own shadow database is dropped while it is still in use.
  async connectToShadowDb() {
    const database = `shadow_${randomUUID()}`;
    const server = await this.connect();
    await server.executeScript(`CREATE DATABASE "${database}"`);
    const shadow = await new Adapters({ ...this.config, database }, this.options).connect();
    shadow.dispose = async () => {
      await shadow.underlyingDriver().end();
      await server.executeScript(`DROP DATABASE "${database}"`);
      await server.dispose();
    };
    return shadow;
  }
}

/** Return the settings of a node-postgres client for `url`. */
export const clientConfig = (url) => poolConfig(url).config;

/** Return Prisma's PostgreSQL adapters for `url`, with the settings `pool` of node-postgres and `session` of PostgreSQL. */
export function adaptersFor(url, { pool = {}, session = {}, onPoolError } = {}) {
  const { schema, config } = poolConfig(url, session);
  return new Adapters({ ...config, ...pool }, { schema, onPoolError });
}
