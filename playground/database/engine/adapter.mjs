// The driver adapter as the engine wants it: Prisma's adapter of version 7 under Prisma's engine of version 6.
// (The adapter of version 6 can't read PostgreSQL's type `name`, which migrations need.)

import { bindAdapter, ColumnTypeEnum } from '@prisma/driver-adapter-utils';

/** PostgreSQL can't be reached, or the connection broke. */
export class DatabaseAway extends Error {}

// The adapter's kinds of errors that are newer than the engine, which knows no better about such an error than that it can't read it.
const NEWER_KINDS = {
  InvalidInputValue: (cause) => ({ kind: 'postgres', code: cause.originalCode, severity: 'ERROR', message: cause.message }),
  RestrictViolation: (cause) => ({ kind: 'ForeignKeyConstraintViolation', constraint: cause.constraint }),
};
const AWAY_KINDS = new Map([
  ['ConnectionClosed', 'the connection was closed'],
  ['DatabaseNotReachable', 'nothing answers'],
  ['SocketTimeout', 'no answer in time'],
  ['TooManyConnections', 'too many connections'],
]);
// Class 08: connection exception. 57P: an administrator's or a crash's shutdown, or a server that is starting up. 25P03: idle for too long.
// 25006: read-only, as a standby is until it takes over. 53: no disk, memory or connections left.
const AWAY_STATES = /^(08|57P|25P03|25006|53)/;

function errorForEngine(error) {
  const cause = error.name === 'DriverAdapterError' ? error.cause : undefined;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  // What else has no SQLSTATE comes from node-postgres itself, and is about the connection. For a host with several
  // addresses it is one error without words of its own, around an error for each.
  if (!cause) return new DatabaseAway((error.errors ?? [error]).map(({ message }) => message).join(', '));
  const state = cause.originalCode ?? '';
  if (AWAY_KINDS.has(cause.kind) || AWAY_STATES.test(state)) {
    const where = [cause.host, cause.port].filter(Boolean).join(':');
    return new DatabaseAway(cause.originalMessage ?? `${AWAY_KINDS.get(cause.kind)}${where && ` at ${where}`}`);
  }
  if (cause.kind in NEWER_KINDS) error.cause = NEWER_KINDS[cause.kind](cause);
  return error;
}

async function attempt(operation) {
  try {
    return await operation();
  } catch (error) {
    throw errorForEngine(error);
  }
}

const asNumbers = (bytes) => bytes && Array.from(bytes);
const BYTES = { [ColumnTypeEnum.Bytes]: asNumbers, [ColumnTypeEnum.BytesArray]: (list) => list?.map(asNumbers) };

/** `result` with its bytes as arrays of numbers: the engine takes no typed arrays. */
function withPlainBytes(result) {
  result.columnTypes.forEach((type, column) => {
    const convert = BYTES[type];
    if (convert) for (const row of result.rows) row[column] = convert(row[column]);
  });
  return result;
}

const forEngine = (queryable) => ({
  adapterName: queryable.adapterName,
  provider: queryable.provider,
  queryRaw: (query) => attempt(async () => withPlainBytes(await queryable.queryRaw(query))),
  executeRaw: (query) => attempt(() => queryable.executeRaw(query)),
});

const transactionForEngine = (transaction) => ({
  ...forEngine(transaction),
  options: transaction.options,
  commit: () => attempt(() => transaction.commit()),
  rollback: () => attempt(() => transaction.rollback()),
});

/** `adapter` bound for the engine. Errors that the engine can't carry go to `failures`, and it carries their number. */
export function engineAdapter(adapter, failures) {
  const adapted = {
    ...forEngine(adapter),
    executeScript: (script) => attempt(() => adapter.executeScript(script)),
    startTransaction: (isolation) => attempt(async () => transactionForEngine(await adapter.startTransaction(isolation))),
    getConnectionInfo: () => adapter.getConnectionInfo(),
    dispose: () => adapter.dispose(),
  };
  return bindAdapter(adapted, failures);
}
