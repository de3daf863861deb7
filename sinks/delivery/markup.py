"""Writes HTML from texts. A text that is not ``Markup`` is escaped, so the words of a member can never become a tag. Pure."""

from __future__ import annotations

import html

_VOID = frozenset({"br", "input", "meta"})


class Markup(str):
    """HTML that is written unchanged."""

    __slots__ = ()


def element(tag: str, *children: str | None, **attributes: str | float | bool | None) -> Markup:
    """Write an element. A child that is not ``Markup`` is escaped. An attribute that is None or False is left out.

    An underscore in the name of an attribute becomes a hyphen. An underscore at its end is removed (``class_``, as ``class`` is a keyword).
    """
    given = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{html.escape(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{tag}{given}>" if tag in _VOID else f"<{tag}{given}>{together(*children)}</{tag}>")


def together(*parts: str | None) -> Markup:
    """Join parts in their order. A part that is not ``Markup`` is escaped."""
    return Markup("".join(part if isinstance(part, Markup) else html.escape(part) for part in parts if part is not None))


def document(language: str, head: Markup, body: Markup) -> str:
    """Write a complete page."""
    return f"<!doctype html>\n{element('html', element('head', element('meta', charset='utf-8'), head), body, lang=language)}\n"
