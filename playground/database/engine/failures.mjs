// Errors for the Python client, which reads Prisma's codes (prisma/engine/utils.py there).

import { DatabaseAway } from './adapter.mjs';

const EXTERNAL = 'P2036'; // "Error in external connector (id 7)": we keep the error itself.
const UNREACHABLE = 'P1001';
const TRANSACTION = 'P2028';

/** The errors that the engine represents as numbers. */
export class Failures {
  #next = 0;
  #kept = new Map();

  registerNewError(error) {
    this.#kept.set(++this.#next, error);
    return this.#next;
  }

  consumeError(id) {
    const error = this.#kept.get(id);
    this.#kept.delete(id);
    return error;
  }

  /** Return the engine's `answer` with each stored error in place of its number. */
  restored(answer) {
    if (answer.error_code) return { errors: [this.#entry(answer.meta?.error ?? answer.message, answer)] };
    if (answer.is_panic !== undefined) return { errors: [this.#entry(answer.message, answer)] };
    if (answer.errors) return { errors: answer.errors.map((entry) => this.#entry(entry.error, entry.user_facing_error)) };
    return answer;
  }

  #entry(error, userFacing) {
    // While the engine ends an expired transaction, it reports for a moment that it doesn't know it.
    if (userFacing.error_code === TRANSACTION && error.startsWith('Transaction not found')) return overEntry();
    if (userFacing.error_code !== EXTERNAL) return { error, user_facing_error: userFacing };
    return entryFor(this.consumeError(userFacing.meta.id) ?? new Error(userFacing.message));
  }
}

const entry = (message, code) => ({ error: message, user_facing_error: { message, error_code: code, meta: {}, is_panic: false } });
const overEntry = () => entry('Transaction already closed: it ended or its time was up.', TRANSACTION);
const entryFor = (error) => entry(error.message, error instanceof DatabaseAway ? UNREACHABLE : EXTERNAL);

/** Return the response to a request that failed with `error`. */
export const failed = (error) => ({ errors: [entryFor(error)] });

/** Return the response to a request in a transaction that has ended. */
export const transactionIsOver = () => ({ errors: [overEntry()] });
