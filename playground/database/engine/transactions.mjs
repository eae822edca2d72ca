// The interactive transactions that are open. The engine forgets old ones, and panics when it is asked about one that it does not know.

const SLACK = 1_000; // After a transaction's time is up the engine still says so, for at least this long; milliseconds.

export class Transactions {
  #engine;
  #open = new Map();

  constructor(engine) {
    this.#engine = engine;
  }

  has(id) {
    return this.#open.has(id);
  }

  /** Starts one. `options`: `timeout` and `max_wait` in milliseconds. */
  async start(options) {
    const answer = await this.#engine.startTransaction(options);
    if (answer.id) this.#open.set(answer.id, setTimeout(() => this.#open.delete(answer.id), options.timeout + SLACK));
    return answer;
  }

  /** Ends `id`; `ending` is `commit` or `rollback`. */
  async end(id, ending) {
    clearTimeout(this.#open.get(id));
    this.#open.delete(id);
    return ending === 'commit' ? this.#engine.commitTransaction(id) : this.#engine.rollbackTransaction(id);
  }
}
