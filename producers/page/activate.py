"""Shows the page of an activation link, and the token when a person presses its button. Opening the page changes nothing.

Scanners of mail open links; they do not press buttons.
"""

from __future__ import annotations

import secrets

from starlette.responses import Response

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import unknown_link
from mekong.producers.page import form
from mekong.producers.page.visit import Visit, in_other_language
from mekong.schemas.activations import PATH, code_in, is_window


async def show(found: Visit) -> Response:
    """The page with the button. ``?lang=vi`` changes the language."""
    return in_other_language(found, PATH) or found.page("activate", 200, **_asking(_new_window()))


async def activate(found: Visit) -> Response:
    """The token, once. After a refusal the page keeps its window: when the answer of the exchange was lost, the button shows the token."""
    given = await form.small(found.request)
    text, window = given.texts.get("code", "").strip(), given.texts.get("window", "")
    window = window if is_window(window) else _new_window()
    try:
        if (code := code_in(text)) is None:
            raise unknown_link()
        made = await found.state.activations.open(code, window)
    except Problem as exc:
        return found.refusal("activate", exc, **_asking(window, text, exc.detail))
    host = found.request.headers.get("host", "")
    return found.page("activated", here="", made=made, site=found.request.headers.get("origin") or f"https://{host}")


def _asking(window: str, text: str = "", wrong: str = "") -> dict[str, str]:
    here = "" if wrong else PATH  # another language is a new page, and a new window
    return {"here": here, "action": PATH, "code": text, "window": window, "wrong": wrong}


def _new_window() -> str:
    return secrets.token_hex(32)
