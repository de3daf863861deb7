# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""The section about the subscription: how many alerts it got since the last summary."""

from __future__ import annotations

from collections.abc import Iterator

from mekong.schemas.feed_words import Line
from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import Words, filled
from mekong.streams.core.notices.weekly.section import Figures, Section, Week

COUNTED = ("at_once", "in_digests", "held_back")
_ALERTS: Words = {
    "en": "Alerts sent at once: {at_once}. In daily digests: {in_digests}. Not shown, because of a mute or a pause: {held_back}.",
    "vi": "Thông báo gửi ngay: {at_once}. Trong bản tin hằng ngày: {in_digests}. Không hiển thị do tắt tiếng hoặc tạm dừng: {held_back}.",
    "zh": "即时提醒：{at_once}条。每日汇总：{in_digests}条。因静音或暂停未显示：{held_back}条。",
}


def _figures(week: Week) -> Figures | None:
    return {name: week.account.get(name, 0) for name in COUNTED} if any(week.account.values()) else None


def _lines(figures: Figures, language: Language) -> Iterator[Line]:
    yield Line(filled(_ALERTS, language, figures))


SECTION = Section(
    name="account",
    title={"en": "Alerts since the last summary", "vi": "Thông báo từ bản tóm tắt trước", "zh": "自上次周报以来的提醒"},
    figures=_figures,
    lines=_lines,
)
