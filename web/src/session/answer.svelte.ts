import type { AnswerAttachment, AnswerDetail, AnswerFailure, AnswerSource, Ending, Money } from '../api/shapes'
import type { ChunkEvent, MetricsEvent, SourcesEvent, StatusEvent } from '../stream/events'
import { estimatedTokens } from './estimatedTokens'
import { partAtLoneEnd } from './loneEnd'

/** Durations are in ms. */
export interface Figures {
  inputTokens: number | null
  outputTokens: number | null
  cachedInputTokens: number | null
  reasoningTokens: number | null
  estimated: boolean
  cost: Money | null
  costSource: 'provider' | 'list' | null
  timeToFirstToken: number | null
  timeToFirstAnswer: number | null
  responseTime: number | null
  /** Including failed attempts and the waits between them. */
  totalTime: number | null
  tokensPerSecond: number | null
  attempts: number
  finishReason: string | null
  ending: Ending | null
  maxTokens: number | null
}

export type AnswerState =
  'waiting' | 'queued' | 'connecting' | 'streaming' | 'completed' | 'failed' | 'stopped' | 'interrupted'

/** The number of characters, of reasoning and answer, at each moment in ms since the first request was sent. */
export type Sample = readonly [milliseconds: number, characters: number]

const SAMPLE_EVERY_MS = 100

/**
 * One lane's answer in one turn. Properties that change rarely are reactive; text, which grows hundreds of times per second, is not: views
 * are notified by `grew` and read it for the next frame.
 */
export class Answer {
  state = $state<AnswerState>('waiting')
  failure = $state.raw<AnswerFailure | null>(null)
  /** The next retry: when (as `performance.now()`), its number, and the reason. */
  again = $state.raw<{ at: number; attempt: number; why: string } | null>(null)
  /** No text for a long time: since when (as `performance.now()`). */
  silentSince = $state.raw<number | null>(null)
  /** Known when the lane has ended. */
  figures = $state.raw<Figures | null>(null)
  /** There is reasoning or text; for parts that are shown next to them. */
  thinks = $state(false)
  writes = $state(false)
  sources = $state.raw<readonly AnswerSource[]>([])
  attachments = $state.raw<readonly AnswerAttachment[]>([])
  /** How often its text was changed other than by appending. */
  recast = $state(0)

  text = ''
  reasoning = ''
  /** When the first request was sent, as `performance.now()`. */
  askedAt: number | null = null
  /** Time from the last request to the first text, in ms, as observed by this page; and to the first text that is not reasoning. */
  waited: number | null = null
  answered: number | null = null
  /** How it grew; empty until it has ended. */
  samples: readonly Sample[] = []
  grew: (() => void) | null = null

  /** When the last request was sent, as `performance.now()`. */
  #sentAt: number | null = null
  #attempt = $state(1)
  #tokens = 0
  /** By the service's clock, in ms since 1970. */
  #firstStamp: number | null = null
  #lastStamp = 0
  #marks: [stamp: number, characters: number][] = []

  /** `began`: when the turn started, in ms since 1970, if this page was not there; the service's times are used then. */
  constructor(
    readonly turn: number,
    readonly lane: number,
    readonly began: number | null = null,
  ) {}

  static recorded(turn: number, detail: AnswerDetail): Answer {
    const answer = new Answer(turn, detail.lane)
    answer.state = detail.status === 'running' ? 'streaming' : detail.status
    answer.failure = detail.error
    answer.text = detail.text
    answer.reasoning = detail.reasoning
    answer.thinks = detail.reasoning !== ''
    answer.writes = detail.text !== ''
    answer.sources = detail.sources
    answer.attachments = detail.attachments
    if (detail.status !== 'running') answer.figures = detail
    answer.samples = fromTheSending(detail.timeline ?? [], failedFor(detail))
    return answer
  }

  /** It ended because of a limit. */
  get cut(): boolean {
    const ending = this.figures?.ending
    return this.state === 'completed' && (ending === 'token_limit' || ending === 'context_window')
  }

  get running(): boolean {
    return (
      this.state === 'waiting' || this.state === 'queued' || this.state === 'connecting' || this.state === 'streaming'
    )
  }

  /** Tokens per second so far, by the service's timestamps, so that a burst after a lost connection doesn't look like a fast model. */
  get speed(): number | null {
    const span = this.#lastStamp - (this.#firstStamp ?? 0)
    return this.#tokens > 1 && span > 0 ? ((this.#tokens - 1) * 1_000) / span : null
  }

  /** So far, estimated from the text. */
  get tokens(): number {
    return Math.ceil(this.#tokens)
  }

  /** The number of requests that were sent or are about to be. */
  get attempts(): number {
    return this.figures?.attempts ?? this.#attempt
  }

  /** The tokens of the visible text, without hidden reasoning. */
  get visibleTokens(): number | null {
    const { figures } = this
    if (figures?.outputTokens == null) return null
    return Math.max(0, figures.outputTokens - (this.thinks ? 0 : (figures.reasoningTokens ?? 0)))
  }

  status(event: StatusEvent): void {
    if (event.status === 'connecting' && event.waitingSeconds === undefined) {
      this.#sentAt = performance.now()
      this.askedAt ??= this.#sentAt - (this.began === null ? 0 : Date.now() - this.began)
    }
    if (event.attempt !== undefined) this.#attempt = event.attempt
    this.again =
      event.status === 'queued' && event.retryIn !== undefined
        ? { at: performance.now() + event.retryIn, attempt: event.attempt ?? 2, why: event.error?.message ?? '' }
        : null
    this.silentSince = event.waitingSeconds === undefined ? null : performance.now() - event.waitingSeconds * 1_000
    this.state = event.status
  }

  chunk(event: ChunkEvent): void {
    if (this.silentSince !== null) this.silentSince = null
    if (event.kind === 'reasoning') {
      this.reasoning += event.content
      if (!this.thinks) this.thinks = true
    } else {
      this.text += event.content
      if (!this.writes) this.writes = true
    }
    const characters = this.text.length + this.reasoning.length
    const stamp = event.timestamp
    if (this.#firstStamp === null) {
      this.#firstStamp = this.#lastStamp = stamp
      this.#marks.push([stamp, characters])
      if (this.began !== null) this.waited = Math.max(0, stamp - this.began)
      else if (this.#sentAt !== null) this.waited = performance.now() - this.#sentAt
    }
    if (this.answered === null && event.kind !== 'reasoning' && this.waited !== null)
      this.answered = this.waited + stamp - this.#firstStamp
    this.#tokens += estimatedTokens(event.content)
    this.#mark(stamp, characters, event.content.length)
    this.#lastStamp = stamp
  }

  /** A pause has a mark at both ends. */
  #mark(stamp: number, characters: number, more: number): void {
    const last = this.#marks.at(-1)
    if (last !== undefined && stamp - last[0] < SAMPLE_EVERY_MS) return
    if (last !== undefined && last[0] < this.#lastStamp) this.#marks.push([this.#lastStamp, characters - more])
    this.#marks.push([stamp, characters])
  }

  sourced(event: SourcesEvent): void {
    this.sources = event.sources
    this.attachments = event.attachments
  }

  metrics(event: MetricsEvent): void {
    const [thinking, text] = partAtLoneEnd(this.text)
    if (text !== this.text) {
      this.reasoning += thinking
      this.text = text
      this.thinks = this.reasoning !== ''
      this.writes = text !== ''
      this.recast += 1
    }
    this.figures = event
    const [first, last] = [this.#firstStamp, this.#marks.at(-1)]
    if (first === null || last === undefined) return
    const characters = this.text.length + this.reasoning.length
    if (last[1] < characters) this.#marks.push([this.#lastStamp, characters])
    const sent = first - (event.timeToFirstToken ?? 0)
    this.samples = fromTheSending(
      this.#marks.map(([stamp, count]) => [stamp - sent, count]),
      failedFor(event),
    )
    this.#marks = []
  }
}

/** Time of failed attempts and the waits after them, in ms. */
function failedFor({ totalTime, responseTime }: Pick<Figures, 'totalTime' | 'responseTime'>): number {
  return totalTime === null || responseTime === null ? 0 : Math.max(0, totalTime - responseTime)
}

/** Flat from the first request to the first text; `since`: when the answered request was sent. */
function fromTheSending(samples: readonly Sample[], since: number): readonly Sample[] {
  const moved = samples.map(([when, characters]) => [Math.max(0, Math.round(when + since)), characters] as const)
  const [first] = moved
  if (first === undefined) return []
  const nothing: Sample[] = first[0] > 1 ? [[0, 0] as const, [first[0] - 1, 0] as const] : []
  return [...nothing, ...moved]
}
