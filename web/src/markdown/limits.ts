/**
 * How much of an answer is read as Markdown. A model may write anything: 4 MB in one line, thousands of nested quotes, only marks. Within
 * these limits each step takes a millisecond or two; everything beyond them is shown as plain text. The limits count characters and marks,
 * never time, so that an answer always looks the same.
 */

/** Nested quotes, lists and footnotes, and nested emphasis. */
export const MOST_LEVELS = 100

/** Characters of a paragraph; a longer one is continued in another element. */
export const PARAGRAPH_LENGTH = 8_000

/** Marks (`*`, `[`, `<`, ...) in one paragraph: with more, it is text. */
export const MOST_MARKS = 1_000

/** A longer line is part of a paragraph or code, and not a heading, rule, row or definition. */
export const LINE_LENGTH = 4_000

/** Items of a list, rows of a table, blocks of a quote or an item; a longer one is continued in another element. */
export const MOST_CHILDREN = 200

/** Columns of a table. */
export const MOST_COLUMNS = 100

/** Blocks, items and rows of an answer; what follows them is text. */
export const MOST_BLOCKS = 60_000

/** A block of code counts as this many blocks, since it has a header, a button and colours. */
export const BLOCKS_OF_CODE = 20

/** Marks of an answer; what follows them is text. */
export const MOST_MARKS_IN_ALL = 200_000

/** Formulas that are typeset per answer; and characters, commands and cells, and nested groups per formula. Others stay TeX. */
export const MOST_FORMULAS = 1_000
export const FORMULA_LENGTH = 2_000
export const MOST_COMMANDS = 150
export const MOST_GROUPS = 25
