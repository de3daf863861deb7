"""The markings of the Traffic Light Protocol 2.0 in their order. Their labels are in the code list ``tlp``."""

from __future__ import annotations

LEVELS = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
"""The mildest first."""
