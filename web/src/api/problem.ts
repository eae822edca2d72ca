/** The error of one field of a request. `field` is its path, such as `lanes.1.temperature`. */
export interface FieldProblem {
  field: string
  message: string
}

/** An unsuccessful response (RFC 9457), or no response (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    /** A stable code for programs; `network` if there was no response. */
    readonly code: string,
    /** The message for people. */
    readonly detail: string,
    readonly fields: readonly FieldProblem[] = [],
    /** When to retry, in seconds, if the service says so. */
    readonly retryAfter: number | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  static network(): Problem {
    return new Problem(0, 'network', 'The server is not responding. Check your connection, then try again.')
  }

  static async of(response: Response): Promise<Problem> {
    const retryAfter = Number(response.headers.get('Retry-After') ?? NaN)
    const wait = Number.isFinite(retryAfter) ? retryAfter : null
    try {
      const body = (await response.json()) as {
        type?: string
        title?: string
        detail?: string
        errors?: FieldProblem[]
      }
      const code = body.type?.split(':').pop() ?? 'unknown'
      return new Problem(
        response.status,
        code,
        body.detail ?? body.title ?? response.statusText,
        body.errors ?? [],
        wait,
      )
    } catch {
      return new Problem(response.status, 'unknown', `The server returned an error (${response.status}).`, [], wait)
    }
  }

  /** The error of that field, if any. */
  about(field: string): string | null {
    return this.fields.find((each) => each.field === field)?.message ?? null
  }
}

/** The message for any thrown value. */
export function inWords(error: unknown): string {
  return error instanceof Problem ? error.detail : error instanceof Error ? error.message : String(error)
}
