/** What the worker that takes code apart sends back: `languages.ts` makes it, `highlight.ts` shows it. */

/** A piece of code: plain text, or parts with a common scope, such as `string` or `title.function`. */
export type Part = string | Scope

export interface Scope {
  scope?: string
  children: Part[]
}

/** The parts of the code of that number, with their scopes; null: the language is unknown. */
export interface Coloured {
  id: number
  parts: Part[] | null
}
