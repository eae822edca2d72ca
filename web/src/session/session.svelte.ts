import * as calls from '../api/calls'
import { Problem } from '../api/problem'
import type { LaneRequest, Money, Parameters, SessionDetail, TurnDetail } from '../api/shapes'
import type { RunEvent } from '../stream/events'
import { type Connection, readRun, type RunSource } from '../stream/run'
import { Answer } from './answer.svelte'

export interface Lane {
  /** Its number in the session, from 0. */
  lane: number
  /** The key of its column, from draft to session; it stays the same when the column is moved. */
  key: string
  model: string
  simulated: boolean
  parameters: Parameters
}

/** Another turn of the session is running, so nothing was sent; `Session.follow` joins it. */
export class TurnElsewhere extends Error {
  constructor() {
    super('Another turn of this comparison is running. Your prompt was not sent. Send it when that turn is complete.')
  }
}

export class Turn {
  /** Known when the turn is over: real and simulated money. */
  totals = $state.raw<{ cost: Money; simulated: Money | null; unknown: number; tokens: number; time: number } | null>(
    null,
  )

  constructor(
    readonly number: number,
    readonly prompt: string,
    /** By the number of the lane; some lanes may have none. */
    readonly answers: readonly Answer[],
    /** In ms since 1970, by the service's clock; null: just now, by this page. */
    readonly began: number | null = null,
  ) {}

  static recorded(turn: TurnDetail): Turn {
    const answers: Answer[] = []
    for (const answer of turn.answers) {
      if (answer.current) answers[answer.lane] = Answer.recorded(turn.turn, answer)
    }
    return new Turn(turn.turn, turn.prompt, answers, Date.parse(turn.createdAt))
  }

  get running(): boolean {
    return this.answers.some((answer) => answer.running)
  }
}

/** The number of stored answers shown at once, and the pause in which the browser can lay them out and handle input. */
const ANSWERS_AT_ONCE = 8
const OPENING_PAUSE_MS = 20
/** How often the record of a turn is loaded if it runs where it can't be followed. */
const RECORD_EVERY_MS = 2_000

/** One comparison: its lanes, and their texts so far. */
export class Session {
  id = $state<string | null>(null)
  title = $state('')
  lanes = $state.raw<readonly Lane[]>([])
  turns = $state.raw<readonly Turn[]>([])
  /** A turn is being read. */
  reading = $state(false)
  connection = $state<Connection>('closed')

  #abort = new AbortController()
  /** The number of turns shown, from the first on, plus the last one. */
  #opened = $state(Infinity)

  readonly last = $derived(this.turns.at(-1) ?? null)
  /** The turns on the page. Those of a long session are added one after another, so that the page stays responsive. */
  readonly shown = $derived(
    this.turns.filter((turn, index) => index < this.#opened || (this.#opened > 0 && turn === this.last)),
  )

  /** A new session, which is stored when its first turn starts. */
  static fresh(lanes: readonly Omit<Lane, 'lane'>[]): Session {
    const session = new Session()
    session.lanes = lanes.map((lane, number) => ({ ...lane, lane: number }))
    return session
  }

  /** A stored session; `follow` joins its running turn. Throws `Problem`. */
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
    const lanes = detail.lanes.filter((lane) => !lane.removed)
    this.lanes = lanes.map((lane) => ({ ...lane, key: this.lanes[lane.lane]?.key ?? `lane-${lane.lane}` }))
    const shown = new Map(this.turns.map((turn) => [turn.number, turn]))
    // Other branches and what was deleted are not part of the conversation.
    const current = detail.turns.filter((turn) => !turn.deleted && turn.answers.some((answer) => answer.current))
    this.turns = current.map((turn) => {
      const known = shown.get(turn.turn)
      // Finished turns on the page stay; only missing ones are painted.
      return known !== undefined && !known.running ? known : Turn.recorded(turn)
    })
  }

  /** Load turns from another tab, device or program. True if one of them is running, and `follow` can join it. Throws `Problem`. */
  async catchUp(): Promise<boolean> {
    if (this.id === null || this.reading) return false
    this.#take(await calls.session(this.id, this.#abort.signal))
    return this.last?.running ?? false
  }

  /**
   * Send the next prompt; resolves when its turn is over. `accepted` is called when the service has accepted it. Throws `Problem`, and
   * `TurnElsewhere` if a turn is running that another tab or program started.
   */
  async send(prompt: string, accepted: () => void): Promise<void> {
    try {
      // Before sending, the user should see what was added meanwhile.
      if (this.id !== null && (await this.catchUp())) throw new TurnElsewhere()
      await this.#send(prompt, accepted)
    } catch (error) {
      if (!(error instanceof Problem && error.code === 'turn_running' && this.id !== null)) throw error
      if (await this.catchUp()) throw new TurnElsewhere()
      // It has just ended.
      await this.#send(prompt, accepted)
    }
  }

  async #send(prompt: string, accepted: () => void): Promise<void> {
    const number = (this.last?.number ?? 0) + 1
    const turn = new Turn(number, prompt, this.#waiting(number))
    const before = this.turns
    this.turns = [...before, turn]
    if (this.turns.length === 1) this.title = prompt.trim().split('\n', 1)[0] ?? ''
    const body = this.id === null ? { prompt, lanes: this.lanes.map(asked) } : { prompt, sessionId: this.id }
    try {
      await this.#read({ body }, turn, accepted)
    } catch (error) {
      // The service refused it, so remove it again.
      if (turn.answers.every((answer) => answer.state === 'waiting')) this.turns = before
      throw error
    }
  }

  /** Join the running turn, if there is one, from its first event. */
  async follow(): Promise<void> {
    const recorded = this.turns.at(-1)
    if (this.id === null || recorded === undefined || !recorded.running) return
    const turn = new Turn(recorded.number, recorded.prompt, this.#waiting(recorded.number, recorded.began))
    this.turns = [...this.turns.slice(0, -1), turn]
    await this.#read({ session: this.id }, turn, () => undefined)
  }

  #waiting(turn: number, began: number | null = null): Answer[] {
    const answers: Answer[] = []
    for (const { lane } of this.lanes) answers[lane] = new Answer(turn, lane, began)
    return answers
  }

  async stop(lane: number | null): Promise<void> {
    if (this.id !== null) await calls.stop(this.id, lane)
  }

  /** Stop reading; the run itself continues. */
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
    // The next turn was started elsewhere meanwhile.
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

  /** Load the record if the stream isn't available; if another process runs the turn, repeatedly until it is over. */
  async #reload(turn: Turn): Promise<void> {
    while (this.id !== null && !this.#abort.signal.aborted) {
      try {
        this.#take(await calls.session(this.id, this.#abort.signal))
      } catch {
        // The text so far stays visible; reloading the page tries again.
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
