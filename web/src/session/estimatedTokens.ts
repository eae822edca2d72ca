/**
 * Estimate the tokens of a text before the provider or the service has counted them: from its letters, and not from the pieces in which it
 * arrives, each of which may be a token or a page. Compared with `o200k_base` and `cl100k_base`, it is within a fifth for English and code,
 * and a third for most other languages. The result is a fraction, so that the pieces of a text add up to the whole.
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
