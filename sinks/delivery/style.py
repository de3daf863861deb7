"""The font and the colours of a mail. Mail programs support little CSS, so each element has its own style."""

FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans','Noto Sans CJK SC','Helvetica Neue',Arial,sans-serif"
INK, SOFT, LINE = "#1c2b33", "#5a6b75", "#dde3e7"
LOOK = "#b8660b"
"""Of what a person should look at."""
