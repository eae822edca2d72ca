"""The answers of the simulated models: plausible Markdown about the prompt, the same for the same prompt and seed."""

from .answer import Manner, write_answer, write_thoughts
from .subject import Subject, read_subject

__all__ = ["Manner", "Subject", "read_subject", "write_answer", "write_thoughts"]
