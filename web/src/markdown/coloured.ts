/** The result of the highlighting worker, created by `languages.ts` and shown by `highlight.ts`. */

/** A piece of code: plain text, or parts with a common scope, such as `string` or `title.function`. */
export type Part = string | Scope

export interface Scope {
  scope?: string
  children: Part[]
}

/** The parts of the code with that number, with their scopes; null if the language is unknown. */
export interface Coloured {
  id: number
  parts: Part[] | null
}
