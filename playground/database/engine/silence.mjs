// Detects a PostgreSQL that doesn't respond, such as on a frozen machine or behind a network that drops packets: its connections stay
// open, and requests wait. A time limit for statements can't distinguish this from a slow statement.

const CHECK_INTERVAL = 1_000; // Milliseconds, like all times here.
const CONNECT_TIMEOUT = 3_000; // For a new connection. As long as those succeed, a statement may take longer.

/** Return whether PostgreSQL responds to a new connection, even with an error such as too many connections. */
function answers(pool) {
  const client = new pool.Client(pool.options);
  client.on('error', () => {});
  return new Promise((resolve) => {
    // After reading what may have arrived, in case this process was frozen itself.
    const giveUp = setTimeout(setImmediate, CONNECT_TIMEOUT, resolve, false);
    const heard = () => {
      clearTimeout(giveUp);
      resolve(true);
    };
    client.connect().then(heard, heard);
  }).finally(() => client.connection.stream.destroy());
}

/** Close waiting connections of `pool` while PostgreSQL doesn't respond, so that their requests fail. */
export function cutWhenSilent(pool) {
  const read = new Map(); // For each connection in use: the bytes received at the last check.
  pool.on('acquire', (client) => read.set(client, undefined));
  pool.on('release', (_error, client) => read.delete(client));
  pool.on('remove', (client) => read.delete(client));
  const silent = () => [...read.keys()].filter((client) => client.connection.stream.bytesRead === read.get(client));

  async function look() {
    if (silent().length > 0 && !(await answers(pool))) {
      for (const client of silent()) client.connection.stream.destroy(new Error('PostgreSQL gives no sign of life'));
    }
    for (const client of read.keys()) read.set(client, client.connection.stream.bytesRead);
    setTimeout(look, CHECK_INTERVAL).unref();
  }
  look();
}
