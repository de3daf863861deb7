"""Draws the charts of a briefing as SVG: they are part of the page, need no script, and are readable in black and white."""
