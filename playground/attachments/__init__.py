"""Files that users attach to prompts: images, PDFs and text.

`Attachments` stores, shows and deletes them, and `Attachments.load` gives those of a turn; `parts.py` writes a file as a provider takes it.
What a file is comes from its bytes (`sniffing.py`), never from its name or from what the client says. Content is stored once, in the
database, however many users upload it.

Before changing it: nothing here decodes an image. Its size comes from its header (`image_sizes.py`), and a PDF is read in a process of its
own (`pdf_worker.py`), because decoders of hostile files are where memory and processors are lost.
"""
