import * as calls from '../api/calls'
import type { LaneRequest, Money, Parameters, SessionDetail } from '../api/types'
import type { RunEvent } from '../stream/events'
import { type Connection, readRun, type RunSource } from '../stream/run'
import { Answer } from './answer.svelte'

export interface Lane {
  /** Its number in the session, from 0. */
  lane: number
  /** Stays with the column from draft to session, wherever it is moved. */
  key: string
  model: string
  simulated: boolean
  parameters: Parameters
}

export class Turn {
  /** Known when it is over: real money, and the simulator's. */
  totals = $state.raw<{ cost: Money; simulated: Money | null; unknown: number; tokens: number; time: number } | null>(
    null,
  )

  constructor(
    readonly number: number,
    readonly prompt: string,
    /** By the number of the lane. */
    readonly answers: readonly Answer[],
    /** In ms since 1970, by the service's clock; null: just now, by this page. */
    readonly began: number | null = null,
  ) {}

  get running(): boolean {
    return this.answers.some((answer) => answer.running)
  }
}

/** How many answers of a record are put on the page at once, and how long the browser has to lay them out and to take input. */
const ANSWERS_AT_ONCE = 8
const OPENING_PAUSE_MS = 20

/** One comparison: its lanes, and what they wrote so far. */
export class Session {
  id = $state<string | null>(null)
  title = $state('')
  lanes = $state.raw<readonly Lane[]>([])
  turns = $state.raw<readonly Turn[]>([])
  /** A turn is being read. */
  reading = $state(false)
  connection = $state<Connection>('closed')

  #abort = new AbortController()
  /** So many turns, from the first on, are shown, and the last, unless it is none. */
  #opened = $state(Infinity)

  readonly last = $derived(this.turns.at(-1) ?? null)
  /** The turns that are on the page: of a long record they come one after another, lest the page stand still meanwhile. */
  readonly shown = $derived(
    this.turns.filter((turn, index) => index < this.#opened || (this.#opened > 0 && turn === this.last)),
  )

  /** A new one, which is recorded when its first turn starts. */
  static fresh(lanes: readonly Omit<Lane, 'lane'>[]): Session {
    const session = new Session()
    session.lanes = lanes.map((lane, number) => ({ ...lane, lane: number }))
    return session
  }

  /** The record of one; a turn that is running is joined by `follow`. Throws `Problem`. */
  static async open(id: string, signal: AbortSignal): Promise<Session> {
    const session = new Session()
    session.#take(await calls.session(id, signal))
    session.#opened = 0
    session.#openMore()
    return session
  }

  #openMore(): void {
    if (this.#opened >= this.turns.length) {
      this.#opened = Infinity
      return
    }
    setTimeout(() => {
      this.#opened += Math.max(1, Math.floor(ANSWERS_AT_ONCE / this.lanes.length))
      this.#openMore()
    }, OPENING_PAUSE_MS)
  }

  #take(detail: SessionDetail): void {
    this.id = detail.id
    this.title = detail.title
    this.lanes = detail.lanes.map((lane) => ({ ...lane, key: this.lanes[lane.lane]?.key ?? `lane-${lane.lane}` }))
    this.turns = detail.turns.map(
      (turn) =>
        new Turn(
          turn.turn,
          turn.prompt,
          turn.answers.map((answer) => Answer.recorded(turn.turn, answer)),
          Date.parse(turn.createdAt),
        ),
    )
  }

  /** Send the next prompt; resolves when its turn is over. `accepted` is called once the service has taken it. Throws `Problem`. */
  async send(prompt: string, accepted: () => void): Promise<void> {
    const turn = new Turn(
      this.turns.length + 1,
      prompt,
      this.lanes.map((lane) => new Answer(this.turns.length + 1, lane.lane)),
    )
    const before = this.turns
    this.turns = [...before, turn]
    if (this.turns.length === 1) this.title = prompt.trim().split('\n', 1)[0] ?? ''
    const body = this.id === null ? { prompt, lanes: this.lanes.map(asked) } : { prompt, sessionId: this.id }
    try {
      await this.#read({ body }, turn, accepted)
    } catch (error) {
      // The service did not take it: as if it had not been sent.
      if (turn.answers.every((answer) => answer.state === 'waiting')) this.turns = before
      throw error
    }
  }

  /** Join the running turn, if there is one, from its first event. */
  async follow(): Promise<void> {
    const recorded = this.turns.at(-1)
    if (this.id === null || recorded === undefined || !recorded.running) return
    const turn = new Turn(
      recorded.number,
      recorded.prompt,
      this.lanes.map((lane) => new Answer(recorded.number, lane.lane, recorded.began)),
    )
    this.turns = [...this.turns.slice(0, -1), turn]
    await this.#read({ session: this.id }, turn, () => undefined)
  }

  async stop(lane: number | null): Promise<void> {
    if (this.id !== null) await calls.stop(this.id, lane)
  }

  /** Stop reading; the run itself goes on. */
  leave(): void {
    this.#abort.abort()
  }

  async #read(source: RunSource, turn: Turn, accepted: () => void): Promise<void> {
    this.reading = true
    try {
      await readRun(
        source,
        {
          events: (events) => this.#apply(turn, events, accepted),
          connection: (state) => (this.connection = state),
          gone: () => void this.#reload(),
        },
        this.#abort.signal,
      )
    } finally {
      this.reading = false
    }
  }

  #apply(turn: Turn, events: readonly RunEvent[], accepted: () => void): void {
    const grown = new Set<Answer>()
    for (const event of events) {
      if (event.type === 'session') {
        this.id = event.sessionId
        this.lanes = this.lanes.map((lane) => ({ ...lane, ...event.lanes[lane.lane] }))
        accepted()
        continue
      }
      if (event.type === 'done') {
        turn.totals = {
          cost: event.totalCost,
          simulated: event.simulatedCost ?? null,
          unknown: event.unknownCosts,
          tokens: event.totalTokens,
          time: event.responseTime,
        }
        continue
      }
      const answer = turn.answers[event.lane]
      if (answer === undefined) continue
      switch (event.type) {
        case 'chunk':
          answer.chunk(event)
          grown.add(answer)
          break
        case 'status':
          answer.status(event)
          grown.add(answer)
          break
        case 'error':
          answer.failure = event
          break
        case 'sources':
          answer.sourced(event)
          break
        case 'metrics':
          answer.metrics(event)
          break
      }
    }
    for (const answer of grown) answer.grew?.()
  }

  async #reload(): Promise<void> {
    if (this.id === null) return
    try {
      this.#take(await calls.session(this.id, this.#abort.signal))
    } catch {
      // What was read is still shown; loading the page again asks once more.
    }
  }
}

function asked({ model, parameters }: Lane): LaneRequest {
  return { model, ...parameters }
}
