/** What can be done today with a file that is dropped or pasted: its text can go into the prompt, and nothing else. */
export type DroppedFile = { text: string } | { refusal: string }

/** Of the prompt; nothing that is longer could be sent. */
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
    // No text, or a folder, which can't be read.
  }
  return {
    refusal: `“${file.name}” can’t be attached: only text files are supported. Images and documents are not supported yet.`,
  }
}

/** Whether something that is dragged or pasted is a file. Programs that copy text often put a picture of it beside it. */
export function bringsFiles(data: DataTransfer | null): data is DataTransfer {
  return data !== null && data.types.includes('Files') && !data.types.includes('text/plain')
}
