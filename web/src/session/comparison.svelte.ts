import { inWords, Problem } from '../api/problem'
import type { Parameters } from '../api/shapes'
import { choice } from '../compose/choice.svelte'
import { sendable } from '../compose/sendable.svelte'
import { catalogue } from '../models/catalogue.svelte'
import { notices } from '../shell/notices.svelte'
import { router, sessionAddress } from '../shell/router.svelte'
import { type Lane, Session, TurnElsewhere } from './session.svelte'

/** The current comparison. It stays while other pages are shown, and a running turn is still read. */
class Comparison {
  session = $state.raw<Session | null>(null)
  /** Why the session in the URL can't be shown. */
  failure = $state.raw<{ session: string; text: string; retryable: boolean } | null>(null)
  opening = $state<string | null>(null)

  /** Its URL. */
  readonly address = $derived(this.session?.id ? sessionAddress(this.session.id) : '/')

  #abort = new AbortController()

  /** Show the session with that id; null: a new comparison. */
  show(id: string | null): void {
    if (this.failure !== null && this.failure.session !== id) this.failure = null
    if (id === null ? this.session === null : this.session?.id === id || this.opening === id || this.failure !== null)
      return
    // A first turn that is just starting has no id yet.
    if (id === null && this.session?.id === null) return
    this.#leave()
    if (id !== null) void this.#open(id)
  }

  /** Try again to show what could not be shown. */
  retry(): void {
    const { failure } = this
    this.failure = null
    if (failure) void this.#open(failure.session)
  }

  /** Load what other tabs and programs added to the session, and join its running turn. */
  async catchUp(): Promise<void> {
    const { session } = this
    try {
      if (session !== null && (await session.catchUp()) && this.session === session) this.#follow(session)
    } catch {
      // What is there stays; an error is shown when the user sends a prompt.
    }
  }

  /** Start another comparison with the same models. */
  begin(): void {
    if (this.session)
      choice.take({ lanes: this.session.lanes.map((lane) => ({ model: lane.model, ...lane.parameters })), all: {} })
    this.#leave()
    router.go('/')
  }

  /**
   * Send the prompt to the session, or to the chosen models. `accepted` is called when the service has accepted it. Resolves when the turn
   * is over. Throws `Problem` if it was refused; later errors are shown in a notice.
   */
  async send(prompt: string, accepted: () => void): Promise<void> {
    const lanes = sendable.lanes.map((lane) => ({ ...lane, parameters: { ...choice.all, ...lane.parameters } }))
    await this.#send(this.session ?? this.#fresh(lanes), prompt, accepted)
  }

  /** Send the same prompt to that lane's model only, in a new comparison. */
  askAgain(lane: Lane, prompt: string): void {
    this.#leave()
    const fresh = this.#fresh([{ key: `${lane.key}-again`, model: lane.model, parameters: lane.parameters }])
    this.#send(fresh, prompt, () => undefined).catch((error: unknown) => notices.show(inWords(error), { kind: 'bad' }))
  }

  #fresh(lanes: readonly { key: string; model: string; parameters: Parameters }[]): Session {
    return Session.fresh(lanes.map((lane) => ({ ...lane, simulated: catalogue.find(lane.model)?.simulated ?? false })))
  }

  async #send(session: Session, prompt: string, accepted: () => void): Promise<void> {
    const isNew = session.id === null
    let taken = false
    this.session = session
    try {
      await session.send(prompt, () => {
        taken = true
        accepted()
        if (isNew && session.id !== null && this.session === session) router.go(sessionAddress(session.id))
      })
    } catch (error) {
      if (error instanceof TurnElsewhere) this.#follow(session)
      if (!taken) {
        if (isNew && this.session === session) this.session = null
        throw error
      }
      notices.show(`Live updates stopped. ${inWords(error)}`, {
        kind: 'bad',
        action: this.#reopening(session),
      })
    }
  }

  async #open(id: string): Promise<void> {
    const abort = (this.#abort = new AbortController())
    this.opening = id
    try {
      const session = await Session.open(id, abort.signal)
      if (abort.signal.aborted) return
      this.session = session
      this.opening = null
      this.#follow(session)
    } catch (error) {
      if (abort.signal.aborted) return
      this.opening = null
      const missing = error instanceof Problem && error.status === 404
      this.failure = {
        session: id,
        text: missing ? "Comparison not found. It was deleted, or you don't have access to it." : inWords(error),
        retryable: !missing,
      }
    }
  }

  #follow(session: Session): void {
    session.follow().catch((error: unknown) => {
      notices.show(`Live updates stopped. ${inWords(error)}`, {
        kind: 'bad',
        action: this.#reopening(session),
      })
    })
  }

  #reopening(session: Session): { title: string; run: () => void } {
    return {
      title: 'Reload',
      run: () => {
        if (session.id === null || this.session !== session) return
        this.#leave()
        void this.#open(session.id)
      },
    }
  }

  #leave(): void {
    this.#abort.abort()
    this.session?.leave()
    this.session = null
    this.opening = null
  }
}

export const comparison = new Comparison()
