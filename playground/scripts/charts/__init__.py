"""Charts as inline SVG with labels in HTML: shapes stretch to any width, text keeps its size."""
