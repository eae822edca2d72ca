/** The events of a run (docs/api.md, "Events"). Durations are ms, money is a decimal string in US dollars, null is "not known". */
import type { AnswerAttachment, AnswerSource, Ending, Money } from '../api/types'

export type LaneStatus = 'queued' | 'connecting' | 'streaming' | 'completed' | 'failed' | 'stopped'

export interface SessionEvent {
  type: 'session'
  sessionId: string
  turn: number
  lanes: { lane: number; model: string; simulated: boolean }[]
}

export interface StatusEvent {
  type: 'status'
  lane: number
  status: LaneStatus
  attempt?: number
  retryIn?: number
  /** The status is what it was: nothing came for so long. */
  waitingSeconds?: number
  error?: { code: string; message: string }
}

export interface ChunkEvent {
  type: 'chunk'
  lane: number
  content: string
  kind?: 'reasoning'
  timestamp: number
}

export interface ErrorEvent {
  type: 'error'
  lane: number
  code: string
  message: string
  retryable: boolean
}

export interface SourcesEvent {
  type: 'sources'
  lane: number
  sources: AnswerSource[]
  attachments: AnswerAttachment[]
}

export interface MetricsEvent {
  type: 'metrics'
  lane: number
  inputTokens: number
  outputTokens: number
  tokensUsed: number
  cachedInputTokens: number | null
  reasoningTokens: number | null
  estimated: boolean
  simulated: boolean
  cost: Money | null
  costSource: 'provider' | 'list' | null
  timeToFirstToken: number | null
  timeToFirstAnswer: number | null
  /** Null where the service died before the end, in events that are made again. */
  responseTime: number | null
  totalTime: number | null
  tokensPerSecond: number | null
  attempts: number
  finishReason: string | null
  ending: Ending | null
  /** The most output tokens that were asked for. */
  maxTokens: number | null
}

export interface DoneEvent {
  type: 'done'
  totalTokens: number
  totalCost: Money
  simulatedCost?: Money
  unknownCosts: number
  responseTime: number
}

export type RunEvent = SessionEvent | StatusEvent | ChunkEvent | ErrorEvent | SourcesEvent | MetricsEvent | DoneEvent
