/** Lets the browser keep an answer as a file. `name`: where the answer itself names none. */
export async function keepAsFile(response: Response, name: string): Promise<void> {
  const given = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1]
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = given ?? name
  link.click()
  // Not at once: the browser still reads it.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
