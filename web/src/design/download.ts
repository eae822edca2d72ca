/** Save a response as a file. `name`: used if the response doesn't have a file name. */
export async function keepAsFile(response: Response, name: string): Promise<void> {
  const given = /filename="?([^";]+)"?/.exec(response.headers.get('Content-Disposition') ?? '')?.[1]
  const address = URL.createObjectURL(await response.blob())
  const link = document.createElement('a')
  link.href = address
  link.download = given ?? name
  link.click()
  // Not immediately, since the browser is still reading it.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
