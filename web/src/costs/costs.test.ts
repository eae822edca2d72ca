import { describe, expect, it } from 'vitest'
import type { AnswerFigures, CostRow } from '../api/reports'
import { kindsOf, seriesOf } from './series'
import { addressOf, columnsOf, unitOf, viewOf } from './view'

const figures = (cost: string | null): AnswerFigures => ({
  calls: 1,
  answers: 1,
  failedAnswers: 0,
  inputTokens: 1,
  outputTokens: 1,
  estimatedAnswers: 0,
  estimatedShare: 0,
  cost,
  unknownCosts: cost === null ? 1 : 0,
})

const row = (day: string, model: string, cost: string | null, more: Partial<CostRow> = {}): CostRow => ({
  ...figures(cost),
  day,
  model,
  requests: 1,
  ownKey: null,
  simulated: null,
  ...more,
})

const shown = (rows: CostRow[], kind: 'cost' | 'ownKey' | 'simulated' = 'cost') =>
  seriesOf(
    rows,
    ['2026-11-20', '2026-11-21'],
    ({ day }) => day ?? '',
    ({ model }) => model ?? '',
    kind,
  )

describe('a chart of costs', () => {
  it('adds decimal strings exactly', () => {
    const rows = [row('2026-11-20', 'a', '0.1'), row('2026-11-21', 'a', '0.2'), row('2026-11-21', 'b', '0.00000001')]
    expect(shown(rows)).toEqual([
      { title: 'a', amounts: ['0.1', '0.2'], total: '0.3' },
      { title: 'b', amounts: ['0', '0.00000001'], total: '0.00000001' },
    ])
  })

  it('leaves out what is not known, and what is other money', () => {
    const apart = { ownKey: figures('5'), simulated: figures('7') }
    const rows = [row('2026-11-20', 'a', null), row('2026-11-21', 'b', '1', apart)]
    expect(shown(rows).map(({ title, total }) => [title, total])).toEqual([['b', '1']])
    expect(shown(rows, 'ownKey').map(({ total }) => total)).toEqual(['5'])
    expect(shown(rows, 'simulated').map(({ total }) => total)).toEqual(['7'])
  })

  it('takes the least dear ones together', () => {
    const rows = Array.from({ length: 12 }, (_, number) => row('2026-11-20', `m${number}`, `${number + 1}`))
    const all = shown(rows)
    expect(all.length).toBe(8)
    expect([all[0]?.title, all[7]?.title, all[7]?.total]).toEqual(['m11', '5 others', '15'])
  })

  it('knows which kinds of money there are', () => {
    const none = { ...row('', '', null), answers: 0, simulated: figures('1') }
    expect(kindsOf(none)).toEqual(['simulated'])
    expect(kindsOf({ ...none, answers: 1, ownKey: figures('1') })).toEqual(['cost', 'ownKey', 'simulated'])
  })
})

describe('what is looked at', () => {
  it('is read from the address, and written to it', () => {
    const view = viewOf(new URLSearchParams('from=2026-11-01&to=2026-11-21&by=model&scope=all'), '2026-11-21')
    expect(view).toEqual({ from: '2026-11-01', to: '2026-11-21', by: 'model', scope: 'all' })
    expect(viewOf(new URL(addressOf(view), 'http://x').searchParams, '2026-12-01')).toEqual(view)
  })

  it('is the last thirty days where the address says nothing that can be used', () => {
    expect(viewOf(new URLSearchParams('from=soon&by=colour'), '2026-11-21')).toEqual({
      from: '2026-10-23',
      to: '2026-11-21',
      by: 'day',
      scope: 'own',
    })
  })

  it('has a column for each day, week or month, with or without costs', () => {
    expect(columnsOf('day', '2026-10-24', '2026-10-26')).toEqual(['2026-10-24', '2026-10-25', '2026-10-26'])
    expect(columnsOf('week', '2026-11-15', '2026-11-17')).toEqual(['2026-11-09', '2026-11-16'])
    expect(columnsOf('month', '2026-11-30', '2027-01-01')).toEqual(['2026-11', '2026-12', '2027-01'])
  })

  it('has not too many columns', () => {
    const view = (from: string) => viewOf(new URLSearchParams({ from, to: '2026-11-21', by: 'model' }), '2026-11-21')
    expect([view('2026-11-01'), view('2026-06-01'), view('2024-01-01')].map(unitOf)).toEqual(['day', 'week', 'month'])
  })
})
