import type { LaneRequest, Parameters } from '../api/shapes'
import { load, store } from '../shell/storage'
import { type ModelSet, MOST_LANES } from './chosen'

/** A lane of the next comparison. `key` stays the same when it is moved. */
export interface ChosenLane {
  key: string
  model: string
  parameters: Parameters
}

export interface Preset {
  name: string
  set: ModelSet
}

let keys = 0

/** The models and parameters of the next comparison; stored in this browser. */
class Choice {
  lanes = $state.raw<readonly ChosenLane[]>([])
  all = $state.raw<Parameters>({})
  presets = $state.raw<readonly Preset[]>(load('presets', []))

  constructor() {
    const stored = load<ModelSet | null>('models', null)
    if (stored) this.take(stored)
  }

  get full(): boolean {
    return this.lanes.length >= MOST_LANES
  }

  get set(): ModelSet {
    return { lanes: this.lanes.map(({ model, parameters }): LaneRequest => ({ model, ...parameters })), all: this.all }
  }

  /** Replace the choice by this set. Lanes that were already there keep their columns. */
  take(set: ModelSet): void {
    this.all = set.all
    this.#change(
      set.lanes.slice(0, MOST_LANES).map(({ model, ...parameters }, index) => {
        const same = this.lanes[index]
        return same?.model === model ? { ...same, parameters } : { key: `chosen-${keys++}`, model, parameters }
      }),
    )
  }

  add(model: string): void {
    if (!this.full) this.#change([...this.lanes, { key: `chosen-${keys++}`, model, parameters: {} }])
  }

  remove(key: string): void {
    this.#change(this.lanes.filter((lane) => lane.key !== key))
  }

  /** Move to the position of the lane `before`; null: to the end. */
  move(key: string, before: string | null): void {
    const moved = this.lanes.find((lane) => lane.key === key)
    if (moved === undefined || key === before) return
    const others = this.lanes.filter((lane) => lane !== moved)
    const at = before === null ? others.length : others.findIndex((lane) => lane.key === before)
    this.#change([...others.slice(0, at), moved, ...others.slice(at)])
  }

  /** The parameters of one lane, or of all (`null`). */
  setParameters(key: string | null, parameters: Parameters): void {
    if (key === null) this.all = parameters
    this.#change(this.lanes.map((lane) => (lane.key === key ? { ...lane, parameters } : lane)))
  }

  savePreset(name: string): void {
    this.#changePresets([...this.presets.filter((preset) => preset.name !== name), { name, set: this.set }])
  }

  removePreset(name: string): void {
    this.#changePresets(this.presets.filter((preset) => preset.name !== name))
  }

  #change(lanes: readonly ChosenLane[]): void {
    this.lanes = lanes
    store('models', this.set)
  }

  #changePresets(presets: readonly Preset[]): void {
    this.presets = [...presets].sort((one, other) => one.name.localeCompare(other.name))
    store('presets', this.presets)
  }
}

export const choice = new Choice()
