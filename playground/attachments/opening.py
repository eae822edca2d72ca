"""Opens the room: files that users attach to prompts."""

from playground.database.foundation import Foundation
from playground.limits.policy import Policy

from .pdf_text import PdfReader
from .repository import AttachmentRepository
from .service import Attachments


def open_attachments(foundation: Foundation) -> Attachments:
    """Open the room."""
    attachments = Attachments(AttachmentRepository(foundation.database), Policy(foundation.settings), PdfReader())
    foundation.services.add(attachments)
    return attachments
