/** What can be done with a dropped or pasted file: its text can be inserted into the prompt. */
export type DroppedFile = { text: string } | { refusal: string }

/** The limit for prompts; nothing longer could be sent. */
const MOST_BYTES = 256 * 1024

export async function readDropped(files: readonly File[]): Promise<DroppedFile> {
  const [file] = files
  if (file === undefined) return { refusal: 'Attachments are not supported yet. Paste text instead.' }
  if (files.length > 1) return { refusal: 'Attachments are not supported yet. Drop one text file to insert its text.' }
  if (file.size > MOST_BYTES)
    return {
      refusal: `“${file.name}” can’t be attached: the maximum for a prompt is 256 KB. Paste part of its text instead.`,
    }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.arrayBuffer())
    if (text.trim() !== '' && !text.includes('\0')) return { text }
  } catch {
    // Not a text file, or a folder, which can't be read.
  }
  return {
    refusal: `“${file.name}” can’t be attached: only text files are supported. Images and documents are not supported yet.`,
  }
}

/** Whether the dragged or pasted data is a file. Programs that copy text often add a picture of it. */
export function bringsFiles(data: DataTransfer | null): data is DataTransfer {
  return data !== null && data.types.includes('Files') && !data.types.includes('text/plain')
}
