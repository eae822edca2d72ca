"""Reads the text of a PDF from standard input, in a process of its own: the file may be made to exhaust whoever reads it.

Run as a script, without the package: `python pdf_worker.py MEGABYTES SECONDS PAGES CHARACTERS`. Writes one JSON object to standard output:
`pages`, `text`, and `note`, which says why the text is missing or incomplete. Ends with a status other than 0 when a limit is reached.
"""

import io
import json
import logging
import sys


def limit(megabytes: int, seconds: int) -> None:
    """Let the system end this process when it takes more memory or processor time. Windows has no such limits."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - it exists only there

        resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1_048_576, megabytes * 1_048_576))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def read(content: bytes, most_pages: int, most_characters: int) -> dict[str, object]:
    """Return what is in the PDF, up to so many pages and characters."""
    from pypdf import PdfReader  # noqa: PLC0415 - after the limits, which also apply to importing it
    from pypdf.errors import PyPdfError  # noqa: PLC0415

    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"pages": None, "text": None, "note": "It is protected by a password."}
        count = len(reader.pages)
        texts, length, note = [], 0, None
        for number, page in enumerate(reader.pages):
            if number == most_pages or length > most_characters:
                note = f"Only its first {number} of {count} pages were read."
                break
            text = page.extract_text()
            length += len(text)
            texts.append(text)
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError, LookupError):
        return {"pages": None, "text": None, "note": "It is damaged."}
    text = "\n\n".join(texts)[:most_characters]
    if not text.strip():
        return {"pages": count, "text": None, "note": "It contains no text, only images."}
    return {"pages": count, "text": text, "note": note}


def main() -> None:
    """Read standard input, and write the result."""
    megabytes, seconds, pages, characters = map(int, sys.argv[1:])
    content = sys.stdin.buffer.read()
    limit(megabytes, seconds)
    logging.disable()
    sys.stdout.buffer.write(json.dumps(read(content, pages, characters)).encode())


if __name__ == "__main__":
    main()
