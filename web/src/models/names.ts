/** Short names for lanes: the model's own name, with a number if a model has several lanes. */
export function shortNames<T extends { model: string }>(lanes: readonly T[]): ReadonlyMap<T, string> {
  const own = (lane: T) => lane.model.slice(lane.model.indexOf('/') + 1)
  const names = new Map<T, string>()
  const seen = new Map<string, number>()
  for (const lane of lanes) {
    const twice = lanes.filter((other) => other.model === lane.model).length > 1
    const number = (seen.get(lane.model) ?? 0) + 1
    seen.set(lane.model, number)
    names.set(lane, twice ? `${own(lane)} ${number}` : own(lane))
  }
  return names
}
