/**
 * Names for the shapes of the API that the page uses. `types.ts` is generated from the OpenAPI document (`make types`); this file only adds
 * what that document leaves open. Times are ISO 8601, durations are in ms, null is "unknown".
 */
import type { components } from './types'

export type Schemas = components['schemas']

/** A decimal string in US dollars. */
export type Money = string

export type AnswerStatus = Schemas['Answer']['status']
/** What a finish reason means; null if unknown. */
export type Ending = Schemas['Ending']

export type Preferences = Schemas['Preferences']
export type Profile = Schemas['Profile']
export type Tokens = Pick<Schemas['TokenPair'], 'accessToken' | 'expiresIn'>

/** The parameters of a lane. Absent ones use the provider's default. */
export type Parameters = {
  [Name in Exclude<keyof Schemas['LaneRequest'], 'lane' | 'model' | 'fallbacks'>]?: NonNullable<
    Schemas['LaneRequest'][Name]
  >
}
export type ReasoningEffort = NonNullable<Parameters['reasoningEffort']>
export type LaneRequest = { model: string } & Parameters

/** The body of `POST /playground/stream` and of `POST /playground/estimate`. */
export type StreamRequest = Pick<Schemas['StreamRequest'], 'prompt'> &
  (({ lanes: LaneRequest[] } & Parameters) | { sessionId: string })

export type Model = Schemas['ModelItem']
export type Provider = Schemas['ProviderItem']
export type ModelPage = Schemas['ModelPage']

export type LaneEstimate = Schemas['LaneEstimate']
export type Estimate = Schemas['Estimate']

export type AnswerFailure = Pick<Schemas['AnswerError'], 'code' | 'message' | 'retryable'>
export type AnswerSource = Schemas['AnswerSource']
/** A part of an answer that is not text and is not stored. `size` is in bytes. */
export type AnswerAttachment = Schemas['AnswerAttachment']
export type AnswerDetail = Schemas['Answer']
export type TurnDetail = Schemas['Turn']

export type LaneSummary = Schemas['LaneSummary']
export type SessionLaneDetail = Omit<Schemas['SessionLaneDetail'], 'parameters'> & { parameters: Parameters }
export type SessionDetail = Omit<Schemas['SessionDetail'], 'lanes'> & { lanes: SessionLaneDetail[] }
export type SessionSummary = Schemas['SessionSummary']
export type SessionPage = Schemas['SessionPage']
