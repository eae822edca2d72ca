/** Compares in a worker, so that the page stays responsive. */
import { compare } from './words'

addEventListener('message', ({ data }: MessageEvent<{ left: string; right: string }>) => {
  postMessage(compare(data.left, data.right))
})
