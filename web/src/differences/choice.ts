import type { AnswerDetail, SessionDetail } from '../api/shapes'

/** An answer of a session in a URL: `2.0` is that of lane 0 in turn 2. */
export interface Choice {
  name: string
  turn: number
  model: string
  /** The lane's number among those with the same model, if there are several. */
  title: string
  answer: AnswerDetail
}

/** The answers with text, in the order of turns and lanes. */
export function choicesOf(session: SessionDetail): Choice[] {
  return session.turns.flatMap(({ turn, answers }) =>
    answers
      .filter((answer) => answer.text !== '')
      .map((answer) => {
        const lane = session.lanes.find((each) => each.lane === answer.lane)
        const model = lane?.model ?? ''
        const same = session.lanes.filter((each) => each.model === model)
        const place = same.length > 1 && lane ? ` #${same.indexOf(lane) + 1}` : ''
        return { name: `${turn}.${answer.lane}`, turn, model, title: `${model}${place}`, answer }
      }),
  )
}

/** The default: the first two answers of the last turn that has two. */
export function firstTwo(choices: readonly Choice[]): [string, string] | null {
  const turns = Object.values(Object.groupBy(choices, (choice) => choice.turn))
  const pair = turns.findLast((turn) => (turn?.length ?? 0) > 1) ?? choices
  const [left, right] = pair
  return left && right ? [left.name, right.name] : null
}
