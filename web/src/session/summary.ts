import { sum } from '../design/money'
import type { Money } from '../api/shapes'
import type { Lane, Turn } from './session.svelte'

export interface Best {
  lane: Lane
  value: number
}

/**
 * The best lanes of a turn by each measure; null if there is none. Stopped and failed lanes, and answers that are empty or cut off, don't
 * compete. Simulated lanes compete only if all lanes are simulated, since their times and costs are invented.
 */
export interface Summary {
  fastestStart: Best | null
  fastestFinish: Best | null
  cheapest: Best | null
  longest: Best | null
  /** Real and simulated money of all lanes. */
  cost: Money
  simulatedCost: Money | null
  /** The number of lanes with an unknown cost. */
  unknown: number
}

export function summaryOf(lanes: readonly Lane[], turn: Turn): Summary {
  const rows = lanes.flatMap((lane) => {
    const answer = turn.answers[lane.lane]
    const figures = answer?.figures
    return figures ? [{ lane, figures, completed: answer.state === 'completed' && answer.writes && !answer.cut }] : []
  })
  const real = lanes.some((lane) => !lane.simulated)
  const done = rows.filter((row) => row.completed && !(real && row.lane.simulated))
  const best = (value: (row: (typeof rows)[number]) => number | null, sign: 1 | -1): Best | null => {
    const known = done.flatMap((row) => {
      const number = value(row)
      return number === null ? [] : [{ lane: row.lane, value: number }]
    })
    if (known.length === 0) return null
    return known.reduce((one, other) => (sign * other.value < sign * one.value ? other : one))
  }
  const costs = (simulated: boolean) =>
    rows.flatMap(({ lane, figures }) => (lane.simulated === simulated && figures.cost !== null ? [figures.cost] : []))
  return {
    fastestStart: best((row) => row.figures.timeToFirstToken, 1),
    fastestFinish: best((row) => row.figures.responseTime, 1),
    cheapest: best((row) => (row.figures.cost === null ? null : Number(row.figures.cost)), 1),
    longest: best((row) => row.figures.outputTokens, -1),
    cost: sum(costs(false)),
    simulatedCost: lanes.some((lane) => lane.simulated) ? sum(costs(true)) : null,
    unknown: rows.filter(({ figures }) => figures.cost === null).length,
  }
}
