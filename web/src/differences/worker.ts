/** Compares beside the page, which stays at hand meanwhile. */
import { compare } from './words'

addEventListener('message', ({ data }: MessageEvent<{ left: string; right: string }>) => {
  postMessage(compare(data.left, data.right))
})
