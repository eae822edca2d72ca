import * as calls from '../api/calls'
import { Problem } from '../api/problem'
import type { LaneRequest, Money, Parameters, SessionDetail, TurnDetail } from '../api/shapes'
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

/** Another turn of the session is running, so that nothing was sent; `Session.follow` joins it. */
export class TurnElsewhere extends Error {
  constructor() {
    super('Another turn of this comparison is running. Your prompt was not sent. Send it when that turn is complete.')
  }
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

  static recorded(turn: TurnDetail): Turn {
    const answers = turn.answers.map((answer) => Answer.recorded(turn.turn, answer))
    return new Turn(turn.turn, turn.prompt, answers, Date.parse(turn.createdAt))
  }

  get running(): boolean {
    return this.answers.some((answer) => answer.running)
  }
}

/** How many answers of a record are put on the page at once, and how long the browser has to lay them out and to take input. */
const ANSWERS_AT_ONCE = 8
const OPENING_PAUSE_MS = 20
/** How often the record of a turn is read that runs where it can't be followed. */
const RECORD_EVERY_MS = 2_000

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
    const shown = new Map(this.turns.map((turn) => [turn.number, turn]))
    this.turns = detail.turns.map((turn) => {
      const known = shown.get(turn.turn)
      // What is on the page and over stays as it is: only what is lacking is painted.
      return known !== undefined && !known.running ? known : Turn.recorded(turn)
    })
  }

  /**
   * Fetch the turns that came from elsewhere: another tab, another device, a program. True: one of them is running, and `follow` joins it.
   * Throws `Problem`.
   */
  async catchUp(): Promise<boolean> {
    if (this.id === null || this.reading) return false
    this.#take(await calls.session(this.id, this.#abort.signal))
    return this.last?.running ?? false
  }

  /**
   * Send the next prompt; resolves when its turn is over. `accepted` is called once the service has taken it. Throws `Problem`, and
   * `TurnElsewhere` when a turn runs that another tab or program began.
   */
  async send(prompt: string, accepted: () => void): Promise<void> {
    try {
      // Whoever sends should have seen what was said meanwhile.
      if (this.id !== null && (await this.catchUp())) throw new TurnElsewhere()
      await this.#send(prompt, accepted)
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'turn_running' && this.id !== null)) throw error
      if (await this.catchUp()) throw new TurnElsewhere()
      // It ended at this moment.
      await this.#send(prompt, accepted)
    }
  }

  async #send(prompt: string, accepted: () => void): Promise<void> {
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
    let gone = false
    try {
      await readRun(
        source,
        {
          events: (events) => this.#apply(turn, events, accepted),
          connection: (state) => (this.connection = state),
          gone: () => (gone = true),
        },
        this.#abort.signal,
      )
      if (gone) await this.#reload(turn)
    } finally {
      this.reading = false
    }
    // The next turn has begun elsewhere meanwhile.
    if (this.last !== null && this.last.number > turn.number) await this.follow()
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

  /** Take the record in place of a stream that can't be had; where another process runs the turn, until it is over. */
  async #reload(turn: Turn): Promise<void> {
    while (this.id !== null && !this.#abort.signal.aborted) {
      try {
        this.#take(await calls.session(this.id, this.#abort.signal))
      } catch {
        // What was read is still shown; loading the page again asks once more.
        return
      }
      if (!this.last?.running || this.last.number > turn.number) return
      await new Promise((resolve) => setTimeout(resolve, RECORD_EVERY_MS))
    }
  }
}

function asked({ model, parameters }: Lane): LaneRequest {
  return { model, ...parameters }
}
