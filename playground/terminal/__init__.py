"""The terminal's view of a comparison."""
