// Statements with a time limit. The service writes it before them: `/* at most 2000 ms */` (`Database.read` in client.py).

const LIMIT = /^\/\* at most (\d+) ms \*\/ /;

const statement = (sql) => ({ sql, args: [], argTypes: [] });

/** Let `adapter` cancel queries after their time limit. It is set in PostgreSQL in a transaction, so that no other query inherits it. */
export function keepTimeLimits(adapter) {
  const queryRaw = adapter.queryRaw.bind(adapter);

  async function limited(query, milliseconds) {
    const transaction = await adapter.startTransaction();
    try {
      await transaction.executeRaw(statement(`SET LOCAL statement_timeout = ${milliseconds}`));
      const result = await transaction.queryRaw(query);
      await transaction.executeRaw(statement('COMMIT'));
      return result;
    } catch (error) {
      // If the connection was lost, there is nothing to roll back.
      await transaction.executeRaw(statement('ROLLBACK')).catch(() => {});
      throw error;
    } finally {
      await transaction.commit(); // Releases the connection; the transaction is ended above.
    }
  }

  adapter.queryRaw = (query) => {
    const limit = LIMIT.exec(query.sql);
    return limit ? limited(query, limit[1]) : queryRaw(query);
  };
}
