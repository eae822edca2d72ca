import type { Comparison } from './rows'

/** Compare two texts in a worker. If aborted, the worker is ended and the promise never resolves. */
export function comparing(left: string, right: string, signal: AbortSignal): Promise<Comparison> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
  signal.addEventListener('abort', () => worker.terminate())
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Comparison>) => {
      resolve(data)
      worker.terminate()
    }
    worker.onerror = (event) => {
      reject(new Error(event.message || "Couldn't compare the texts"))
      worker.terminate()
    }
    worker.postMessage({ left, right })
  })
}
