/**
 * About how many tokens a text is, before the provider or the service has counted: from its letters, and not from the pieces in which it
 * comes, of which one may be a token or a page. Measured against `o200k_base` and `cl100k_base`: within a fifth for English and code, a
 * third for most other languages. A fraction, so that the pieces of a text add up to the whole.
 */
export function estimatedTokens(text: string): number {
  let tokens = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    // Latin; other alphabets; Chinese, Japanese, Korean, and halves of emoji.
    tokens += unit < 0x80 ? 0.24 : unit < 0x2e80 ? 0.38 : 0.8
  }
  return tokens
}
