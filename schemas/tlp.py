"""The markings of the Traffic Light Protocol 2.0 in their order, and the handling codes. Their labels are in code lists."""

from __future__ import annotations

LEVELS = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
"""The mildest first."""
FREE_CODES, CODES_WITH_LEAVE = ("H0", "H1"), ("H2", "H3")
"""Handling codes of what may be passed on, and of what needs the leave of the sender."""
