"""Text in, HTML out: whatever is not markup is escaped, so nothing that a member wrote can become a tag. Pure."""

from __future__ import annotations

import html

_VOID = frozenset({"br", "input", "meta"})


class Markup(str):
    """HTML that is to stand as it is."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """An element. Children that are no ``Markup`` are escaped; an attribute that is None or False is left out.

    An underscore in the name of an attribute stands for a hyphen; one at its end keeps it apart from a word of Python (``class_``).
    """
    given = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{tag}{given}>" if tag in _VOID else f"<{tag}{given}>{together(*children)}</{tag}>")


def together(*parts: str | None) -> Markup:
    """Parts one after the other; those that are no ``Markup`` are escaped."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts if part is not None))


def document(language: str, head: Markup, body: Markup) -> str:
    """A whole page."""
    return f"<!doctype html>\n{element('html', element('head', element('meta', charset='utf-8'), head), body, lang=language)}\n"
