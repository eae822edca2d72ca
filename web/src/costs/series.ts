import type { AnswerFigures, CostFigures, CostRow } from '../api/reports'
import type { Money } from '../api/shapes'
import { sum } from '../design/money'

/** The kinds of money: paid with the service's keys, paid with users' keys, or simulated. They are never added. */
export const monies = ['cost', 'ownKey', 'simulated'] as const
export type Kind = (typeof monies)[number]

/** The figures of that kind; null if there are none. */
export function figuresOf(row: CostFigures, kind: Kind): AnswerFigures | null {
  if (kind !== 'cost') return row[kind]
  return row.answers > 0 ? row : null
}

/** The kinds that occur. */
export function kindsOf(total: CostFigures): Kind[] {
  return monies.filter((kind) => figuresOf(total, kind) !== null)
}

export interface Series {
  title: string
  /** A value for each column; unknown ones are omitted. */
  amounts: Money[]
  total: Money
}

/** More series can't be told apart. */
const MOST = 8

/** The cost of each subject in each column, most expensive first; the cheapest ones are combined. */
export function seriesOf(
  rows: readonly CostRow[],
  columns: readonly string[],
  column: (row: CostRow) => string,
  subject: (row: CostRow) => string,
  kind: Kind,
): Series[] {
  const bySubject = grouped(rows, subject)
  const all = [...bySubject]
    .map(([title, its]) => {
      const byColumn = grouped(its, column)
      return series(
        title,
        columns.map((name) => amounts(byColumn.get(name) ?? [], kind)),
      )
    })
    .filter(({ total }) => Number(total) > 0)
    .sort((one, other) => Number(other.total) - Number(one.total))
  if (all.length <= MOST) return all
  const rest = all.slice(MOST - 1)
  const others = columns.map((_, index) => rest.map((each) => each.amounts[index] ?? '0'))
  return [...all.slice(0, MOST - 1), series(`${rest.length} others`, others)]
}

function amounts(rows: readonly CostRow[], kind: Kind): Money[] {
  return rows.map((row) => figuresOf(row, kind)?.cost ?? '0')
}

function series(title: string, columns: readonly (readonly Money[])[]): Series {
  const each = columns.map((column) => sum(column))
  return { title, amounts: each, total: sum(each) }
}

function grouped(rows: readonly CostRow[], name: (row: CostRow) => string): Map<string, CostRow[]> {
  const groups = new Map<string, CostRow[]>()
  for (const row of rows) {
    const group = groups.get(name(row))
    if (group) group.push(row)
    else groups.set(name(row), [row])
  }
  return groups
}
