// The driver adapter for the engine: Prisma's adapter of version 7 with Prisma's engine of version 6.
// (The adapter of version 6 can't read PostgreSQL's type `name`, which migrations need.)

import { bindAdapter, ColumnTypeEnum } from '@prisma/driver-adapter-utils';

/** PostgreSQL can't be reached, or the connection was lost. */
export class DatabaseAway extends Error {}

// Kinds of the adapter's errors that are newer than the engine, which would only report that it can't read them.
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
// Class 08: connection exception. 57P: a shutdown by an administrator or a crash, or a server that is starting. 25P03: idle for too long.
// 25006: read-only, such as a standby before it takes over. 53: no disk space, memory or connections left.
const AWAY_STATES = /^(08|57P|25P03|25006|53)/;

function errorForEngine(error) {
  const cause = error.name === 'DriverAdapterError' ? error.cause : undefined;
  if (error instanceof TypeError || error instanceof RangeError) return error;
  // Other errors without SQLSTATE come from node-postgres and concern the connection. For a host with several addresses,
  // it is an error without a message that contains one error per address.
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

/** Return `result` with bytes as arrays of numbers: the engine doesn't accept typed arrays. */
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

/** Return `adapter` bound for the engine. Errors that the engine can't represent are stored in `failures`; it gets their numbers. */
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
