import type { LaneRequest, Parameters, ReasoningEffort } from '../api/shapes'

/** What to compare: lanes, and parameters for all of them. */
export interface ModelSet {
  lanes: LaneRequest[]
  all: Parameters
}

export const MOST_LANES = 16

/** Numeric parameters, with the service's limits. */
export const NUMBERS = {
  temperature: {
    title: 'Temperature',
    least: 0,
    most: 2,
    step: 0.1,
    whole: false,
    hint: '0 to 2: lower is more focused, higher is more varied',
  },
  maxTokens: {
    title: 'Max tokens',
    least: 1,
    most: 10_000_000,
    step: 1,
    whole: true,
    hint: 'Limits the length of the answer',
  },
  topP: { title: 'Top P', least: 0.01, most: 1, step: 0.05, whole: false, hint: 'Above 0, up to 1' },
  seed: {
    title: 'Seed',
    least: -(2 ** 53),
    most: 2 ** 53,
    step: 1,
    whole: true,
    hint: 'For providers that support it',
  },
} as const

export type NumberName = keyof typeof NUMBERS

export const EFFORTS: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high']

/** The set as a query of the page's URL: `lane=sim/quick&lane=sim/careful|temperature=0.2&all=maxTokens=500`. */
export function toQuery(set: ModelSet): string {
  const query = new URLSearchParams()
  for (const { model, ...parameters } of set.lanes) {
    const own = fromParameters(parameters)
    query.append('lane', own === '' ? model : `${model}|${own}`)
  }
  const all = fromParameters(set.all)
  if (all !== '') query.set('all', all)
  // Slashes and colons, which are common in names, are allowed in a query (RFC 3986, 3.4).
  return query.toString().replaceAll('%2F', '/').replaceAll('%3A', ':')
}

/** The set in a query, which can also be `models=a,b`, as people write it. Null if it has none. Invalid parts are skipped. */
export function fromQuery(query: URLSearchParams): ModelSet | null {
  const lanes = query.getAll('lane').map((text): LaneRequest => {
    const [model = '', ...own] = text.split('|')
    return { model: model.trim(), ...toParameters(own.join('|')) }
  })
  for (const model of (query.get('models') ?? '').split(',')) lanes.push({ model: model.trim() })
  const named = lanes.filter((lane) => lane.model !== '').slice(0, MOST_LANES)
  return named.length === 0 ? null : { lanes: named, all: toParameters(query.get('all') ?? '') }
}

function fromParameters(parameters: Parameters): string {
  const query = new URLSearchParams()
  for (const name of Object.keys(NUMBERS) as NumberName[]) {
    if (parameters[name] !== undefined) query.set(name, String(parameters[name]))
  }
  for (const text of parameters.stop ?? []) query.append('stop', text)
  if (parameters.system) query.set('system', parameters.system)
  if (parameters.reasoningEffort) query.set('reasoningEffort', parameters.reasoningEffort)
  return query.toString()
}

function toParameters(text: string): Parameters {
  const query = new URLSearchParams(text)
  const parameters: Parameters = {}
  for (const name of Object.keys(NUMBERS) as NumberName[]) {
    const value = usableNumber(name, query.get(name) ?? '')
    if (value !== null) parameters[name] = value
  }
  const stop = query.getAll('stop').filter(Boolean).slice(0, 4)
  if (stop.length > 0) parameters.stop = stop
  const system = query.get('system')
  if (system) parameters.system = system
  const effort = EFFORTS.find((each) => each === query.get('reasoningEffort'))
  if (effort) parameters.reasoningEffort = effort
  return parameters
}

/** The number in `text`, if it is valid for that parameter. */
export function usableNumber(name: NumberName, text: string): number | null {
  const { least, most, whole } = NUMBERS[name]
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value) || value < least || value > most) return null
  return whole && !Number.isInteger(value) ? null : value
}

/** A short text for a lane's header: `temperature 0.2 · 500 tokens`. */
export function inShort(parameters: Parameters): string {
  return [
    parameters.temperature !== undefined && `temperature ${parameters.temperature}`,
    parameters.maxTokens !== undefined && `max ${parameters.maxTokens} tokens`,
    parameters.topP !== undefined && `top P ${parameters.topP}`,
    parameters.seed !== undefined && `seed ${parameters.seed}`,
    parameters.stop !== undefined &&
      `${parameters.stop.length} stop ${parameters.stop.length === 1 ? 'sequence' : 'sequences'}`,
    parameters.reasoningEffort !== undefined && `reasoning ${parameters.reasoningEffort}`,
    parameters.system !== undefined && 'system prompt',
  ]
    .filter(Boolean)
    .join(' · ')
}
