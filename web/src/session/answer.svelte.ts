import type { AnswerAttachment, AnswerDetail, AnswerFailure, AnswerSource, Ending, Money } from '../api/types'
import type { ChunkEvent, MetricsEvent, SourcesEvent, StatusEvent } from '../stream/events'
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
  responseTime: number | null
  tokensPerSecond: number | null
  attempts: number
  finishReason: string | null
  ending: Ending | null
  maxTokens: number | null
}

export type AnswerState =
  'waiting' | 'queued' | 'connecting' | 'streaming' | 'completed' | 'failed' | 'stopped' | 'interrupted'

/** How many tokens there were at which ms after the turn began. */
export type Sample = readonly [milliseconds: number, tokens: number]

const SAMPLE_EVERY_MS = 100

/**
 * What one lane wrote in one turn. What changes seldom is reactive; text, which grows hundreds of times a second, is not: who shows it
 * is told by `grew`, and reads it when the next frame is painted.
 */
export class Answer {
  state = $state<AnswerState>('waiting')
  failure = $state.raw<AnswerFailure | null>(null)
  /** It is to be asked again: when (as `performance.now()`), for which time, and why. */
  again = $state.raw<{ at: number; attempt: number; why: string } | null>(null)
  /** Nothing came for long: since when (as `performance.now()`). */
  silentSince = $state.raw<number | null>(null)
  /** Known when the lane has ended. */
  figures = $state.raw<Figures | null>(null)
  /** There is thinking, or text: for what is shown beside them. */
  thinks = $state(false)
  writes = $state(false)
  sources = $state.raw<readonly AnswerSource[]>([])
  attachments = $state.raw<readonly AnswerAttachment[]>([])
  /** How often its text was changed other than at its end. */
  recast = $state(0)

  text = ''
  reasoning = ''
  /** Pieces that came, which are tokens for nearly all providers. */
  pieces = 0
  /** When the lane was asked, as `performance.now()`. */
  askedAt: number | null = null
  /** Until the first piece, in ms, as this page saw it. */
  waited: number | null = null
  samples: Sample[] = []
  grew: (() => void) | null = null

  #firstStamp = 0
  #lastStamp = 0
  /** Of the last piece, in ms after the turn began. */
  #lastAt = 0

  /** `began`: when the turn did, in ms since 1970, if this page was not there; it tells the times then. */
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
    return answer
  }

  /** It ended at a limit, and not by itself. */
  get cut(): boolean {
    const ending = this.figures?.ending
    return this.state === 'completed' && (ending === 'token_limit' || ending === 'context_window')
  }

  get running(): boolean {
    return (
      this.state === 'waiting' || this.state === 'queued' || this.state === 'connecting' || this.state === 'streaming'
    )
  }

  /** Tokens per second so far, by the service's own stamps: a burst after a lost connection is no fast model. */
  get speed(): number | null {
    const span = this.#lastStamp - this.#firstStamp
    return this.pieces > 1 && span > 0 ? ((this.pieces - 1) * 1_000) / span : null
  }

  status(event: StatusEvent): void {
    if (event.status === 'connecting')
      this.askedAt ??= performance.now() - (this.began === null ? 0 : Date.now() - this.began)
    this.again =
      event.status === 'queued' && event.retryIn !== undefined
        ? { at: performance.now() + event.retryIn, attempt: event.attempt ?? 2, why: event.error?.message ?? '' }
        : null
    this.silentSince = event.waitingSeconds === undefined ? null : performance.now() - event.waitingSeconds * 1_000
    this.state = event.status
  }

  /** `began`: the stamp of the turn's first piece, for the samples. */
  chunk(event: ChunkEvent, began: number): void {
    if (this.silentSince !== null) this.silentSince = null
    if (event.kind === 'reasoning') {
      this.reasoning += event.content
      if (!this.thinks) this.thinks = true
    } else {
      this.text += event.content
      if (!this.writes) this.writes = true
    }
    if (this.pieces === 0) {
      this.#firstStamp = event.timestamp
      if (this.began !== null) this.waited = Math.max(0, event.timestamp - this.began)
      else if (this.askedAt !== null) this.waited = performance.now() - this.askedAt
    }
    this.pieces += 1
    this.#lastStamp = event.timestamp
    const at = (this.#lastAt = event.timestamp - began)
    const last = this.samples.at(-1)
    if (last === undefined || at - last[0] >= SAMPLE_EVERY_MS) this.samples.push([at, this.pieces])
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
    const last = this.samples.at(-1)
    if (last !== undefined && last[1] < this.pieces) this.samples.push([this.#lastAt, this.pieces])
  }
}
