"""Recognises texts that were typed in an old font and not in Unicode: TCVN3 and VNI of Vietnamese, Zawgyi of Burmese. Pure.

Such a text looks right in its font only. It cannot be compared, searched, or shown elsewhere, so it is refused and never stored.
"""

from __future__ import annotations

import re

_LEAST = 3
"""Different signs of a font in a text. One or two may be a trade mark or a word of another language."""
_TCVN3 = re.compile(r"[A-Za-z][µ¸¶·¹»¾¼½¨©ª«¬®\xad]|[µ¸¶·¹»¾¼½©ª«¬®§\xad][a-z]|[a-z][ÆÇÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞ]")
_VNI = re.compile(r"[ae]ø|[aeouy]õ|[aeo]ä|[ae]ù|[ae]å|ôï|ôù|ôø|öô|öï|[aeo]á|[ao]à|\bñ[aoieuöôy]|[AEO][ØÕÄÁÀ]|ÖÔ|\bÑ[AOIEUÖÔYaoieuöôy]")
_ZAWGYI = re.compile(r"(?<![က-ဪဿ၎ျ-ှၐ-ႁ])ေ[က-အ]|ေျ[က-အ]|(?<![က-ဪဿၐ-ႁျ-ှ္်])ျ[က-အ]|[\u1060-\u1074](?=[\u1000-\u109f])")
_DO = "convert the file to Unicode with your keyboard program, and save it again"
_SENTENCES = (
    (_TCVN3, _LEAST, f"the text is TCVN3 (ABC fonts), and not Unicode: {_DO} (UniKey: Ctrl+Shift+F6, from TCVN3 to Unicode)"),
    (_VNI, _LEAST, f"the text is VNI (VNI fonts), and not Unicode: {_DO} (UniKey: Ctrl+Shift+F6, from VNI Windows to Unicode)"),
    (_ZAWGYI, 1, f"the text is Zawgyi, and not Unicode: {_DO} in a Unicode font such as Pyidaungsu"),
)


def garbled(text: str) -> str:
    """What to do with a text of an old font; empty for another text."""
    if text.isascii():
        return ""
    return next((why for form, least, why in _SENTENCES if len({match.lower() for match in form.findall(text)}) >= least), "")
