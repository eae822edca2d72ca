// A PostgreSQL that gives no sign of life, as on a machine that stands still or behind a network that swallows all: connections to it stay
// open, and whoever asked on one waits. No limit on a statement can tell it from one that takes long.

const LOOK_INTERVAL = 1_000; // Milliseconds, as all here.
const PATIENCE = 3_000; // With a new connection. While those are answered, a statement may take its time.

/** Whether PostgreSQL says anything to a new connection, be it that there are too many. */
function answers(pool) {
  const client = new pool.Client(pool.options);
  client.on('error', () => {});
  return new Promise((resolve) => {
    // After what may just have come, where this process was the one that stood still.
    const giveUp = setTimeout(setImmediate, PATIENCE, resolve, false);
    const heard = () => {
      clearTimeout(giveUp);
      resolve(true);
    };
    client.connect().then(heard, heard);
  }).finally(() => client.connection.stream.destroy());
}

/** Cuts connections of `pool` on which an answer is waited for, while PostgreSQL gives no sign of life: what waits fails. */
export function cutWhenSilent(pool) {
  const read = new Map(); // For each connection in use: how many bytes had come on it when we looked last.
  pool.on('acquire', (client) => read.set(client, undefined));
  pool.on('release', (_error, client) => read.delete(client));
  pool.on('remove', (client) => read.delete(client));
  const silent = () => [...read.keys()].filter((client) => client.connection.stream.bytesRead === read.get(client));

  async function look() {
    if (silent().length > 0 && !(await answers(pool))) {
      for (const client of silent()) client.connection.stream.destroy(new Error('PostgreSQL gives no sign of life'));
    }
    for (const client of read.keys()) read.set(client, client.connection.stream.bytesRead);
    setTimeout(look, LOOK_INTERVAL).unref();
  }
  look();
}
