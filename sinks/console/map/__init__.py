"""The map of the live page, drawn by the server as SVG: outlines, dots and arcs."""
