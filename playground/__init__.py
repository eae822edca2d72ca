"""Playground: one prompt, many language models, one live stream."""

__version__ = "0.1.0"
