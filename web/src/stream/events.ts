/** The events of a run (docs/api/events.md). Durations are in ms, money is a decimal string in US dollars, null is "unknown". */
import type { Schemas } from '../api/shapes'

export type SessionEvent = Schemas['SessionEvent']
export type StatusEvent = Schemas['StatusEvent']
export type ChunkEvent = Schemas['ChunkEvent']
export type ErrorEvent = Schemas['ErrorEvent']
export type SourcesEvent = Schemas['SourcesEvent']
export type MetricsEvent = Schemas['MetricsEvent']
export type DoneEvent = Schemas['DoneEvent']

export type RunEvent = SessionEvent | StatusEvent | ChunkEvent | ErrorEvent | SourcesEvent | MetricsEvent | DoneEvent
