// The open interactive transactions. The engine forgets old ones, and panics if it gets an unknown one.

const SLACK = 1_000; // How long the engine still reports that a transaction has expired; milliseconds.

export class Transactions {
  #engine;
  #open = new Map();

  constructor(engine) {
    this.#engine = engine;
  }

  has(id) {
    return this.#open.has(id);
  }

  /** Start a transaction. `options`: `timeout` and `max_wait` in milliseconds. */
  async start(options) {
    const answer = await this.#engine.startTransaction(options);
    if (answer.id) this.#open.set(answer.id, setTimeout(() => this.#open.delete(answer.id), options.timeout + SLACK));
    return answer;
  }

  /** End the transaction `id`. `ending` is `commit` or `rollback`. */
  async end(id, ending) {
    clearTimeout(this.#open.get(id));
    this.#open.delete(id);
    return ending === 'commit' ? this.#engine.commitTransaction(id) : this.#engine.rollbackTransaction(id);
  }
}
