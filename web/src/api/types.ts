/**
 * The shapes on the wire, as docs/api.md and /openapi.json describe them. Times are ISO 8601, durations are ms, money is a decimal
 * string in US dollars; null is "not known".
 */
export type Money = string

export type AnswerStatus = 'running' | 'completed' | 'failed' | 'stopped' | 'interrupted'

/** What a finish reason means; null: not known. The middle two are cut off, the last two failed. */
export type Ending = 'complete' | 'token_limit' | 'context_window' | 'filtered' | 'failed'

export type Role = 'user' | 'premium' | 'admin'

/** What the page keeps for its user, wherever he or she logs in. */
export interface Preferences {
  theme: 'light' | 'dark' | 'system'
  language: string
  defaultModels: string[]
  notifications: boolean
}

export interface Profile {
  id: string
  email: string | null
  username: string | null
  name: string
  bio: string
  role: Role
  preferences: Preferences
  createdAt: string
}

export interface Tokens {
  accessToken: string
  /** Of the access token, in seconds. */
  expiresIn: number
}

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high'

/** How a model is asked. What is absent is left to the provider's default. */
export interface Parameters {
  temperature?: number
  maxTokens?: number
  topP?: number
  seed?: number
  stop?: string[]
  system?: string
  reasoningEffort?: ReasoningEffort
}

export interface LaneRequest extends Parameters {
  model: string
}

/** The body of `POST /playground/stream` and of `POST /playground/estimate`. */
export type StreamRequest =
  ({ prompt: string; lanes: LaneRequest[] } & Parameters) | { prompt: string; sessionId: string }

export interface ModelPrice {
  /** US dollars per million tokens. */
  input: Money
  output: Money
  cachedInput: Money | null
}

export interface Model {
  id: string
  provider: string
  name: string
  displayName: string
  contextWindow: number | null
  inputModalities: string[]
  outputModalities: string[]
  price: ModelPrice | null
  /** Why the price is unknown although the provider's list names one. */
  priceNote: string | null
  simulated: boolean
  /** A wildcard such as `openai/*`, which stands for models and is none. */
  pattern: boolean
  stale: boolean
}

export interface Provider {
  id: string
  name: string
  state: 'loading' | 'ok' | 'stale' | 'failed'
  error: string | null
  fetchedAt: string | null
  models: number
  simulated: boolean
}

export interface ModelPage {
  items: Model[]
  providers: Provider[]
  nextCursor: string | null
}

export interface LaneEstimate {
  model: string
  simulated: boolean
  listed: boolean
  inputTokens: number
  maxOutputTokens: number
  maxOutputBasis: 'maxTokens' | 'contextWindow' | 'assumed'
  contextWindow: number | null
  fits: boolean | null
  cost: { min: Money; max: Money } | null
}

export interface Estimate {
  lanes: LaneEstimate[]
}

export interface AnswerFailure {
  code: string
  message: string
  retryable: boolean
}

/** Something an answer refers to: `[1]` in its text is the first. */
export interface AnswerSource {
  url: string | null
  title: string | null
}

/** A part of an answer that is no text, and is not kept. `size` is in bytes. */
export interface AnswerAttachment {
  kind: 'image' | 'audio' | 'file'
  type: string | null
  size: number | null
  url: string | null
}

export interface AnswerDetail {
  lane: number
  status: AnswerStatus
  text: string
  reasoning: string
  sources: AnswerSource[]
  attachments: AnswerAttachment[]
  finishReason: string | null
  ending: Ending | null
  maxTokens: number | null
  error: AnswerFailure | null
  inputTokens: number | null
  cachedInputTokens: number | null
  outputTokens: number | null
  reasoningTokens: number | null
  tokensUsed: number | null
  estimated: boolean
  simulated: boolean
  cost: Money | null
  costSource: 'provider' | 'list' | null
  timeToFirstToken: number | null
  timeToFirstAnswer: number | null
  responseTime: number | null
  totalTime: number | null
  tokensPerSecond: number | null
  attempts: number
  /** Pairs of ms since the request was sent and characters; null: not known. */
  timeline: [milliseconds: number, characters: number][] | null
  createdAt: string
  finishedAt: string | null
}

export interface TurnDetail {
  turn: number
  prompt: string
  runId: string
  createdAt: string
  finishedAt: string | null
  answers: AnswerDetail[]
}

export interface LaneSummary {
  lane: number
  model: string
  provider: string
  simulated: boolean
  status: AnswerStatus
}

export interface SessionLaneDetail extends LaneSummary {
  parameters: Parameters
}

export interface SessionDetail {
  id: string
  title: string
  createdAt: string
  updatedAt: string
  running: boolean
  lanes: SessionLaneDetail[]
  turns: TurnDetail[]
}

export interface SessionSummary {
  id: string
  title: string
  createdAt: string
  updatedAt: string
  turns: number
  lanes: LaneSummary[]
  totalTokens: number
  totalCost: Money
  simulatedCost: Money
  unknownCosts: number
}

export interface SessionPage {
  items: SessionSummary[]
  nextCursor: string | null
}
