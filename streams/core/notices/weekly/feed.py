"""The section about the member's own feed: the sentences of ``GET /v1/feed`` and the sender's page, as of the end of the week."""

from __future__ import annotations

from collections.abc import Iterable

from mekong.schemas.feed import FeedHealth
from mekong.schemas.feed_words import Line, feed_lines
from mekong.schemas.languages import Language
from mekong.streams.core.notices.weekly.section import Figures, Section, Week


def _figures(week: Week) -> Figures | None:
    """None also for a member that sends nothing."""
    return None if week.feed is None or week.feed["last_at"] is None else week.feed


def _lines(figures: Figures, language: Language) -> Iterable[Line]:
    return feed_lines(FeedHealth.model_validate(figures), language)


SECTION = Section(
    name="feed",
    title={"en": "What your agency sent", "vi": "Những gì cơ quan bạn đã gửi", "zh": "贵机构报送的数据"},
    figures=_figures,
    lines=_lines,
)
