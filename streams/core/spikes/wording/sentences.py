# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""Writes one or two plain sentences about an alert in each language. The figures of the test are not in them, but in ``explain``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from mekong.schemas import written
from mekong.schemas.alerts import Kind, Sentences, Span, StandsOut, State
from mekong.schemas.codes import code_list
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.vocabulary import FEATURES, value_of

ALL_MEMBERS = {"en": "All members together", "vi": "Tất cả các thành viên", "zh": "全体成员"}
_PREFIX = {
    (Kind.SPIKE, State.ESCALATED): {"en": "Rising further. ", "vi": "Tiếp tục tăng. ", "zh": "继续上升。"},
    (Kind.RETRO_SPIKE, State.OPEN): {"en": "Late reports. ", "vi": "Báo cáo muộn. ", "zh": "迟报。"},
}
_OVER = {
    "en": "{who}: the unusual number of cases{group} that began {opened} is over. At its height, {peak_when}, "
    "there were {peak}; about {peak_expected} were to be expected.",
    "vi": "{who}: số vụ{group} bất thường bắt đầu {opened} đã trở lại bình thường. Lúc cao nhất, {peak_when}: "
    "{peak} vụ, dự kiến khoảng {peak_expected}.",
    "zh": "{who}：{opened}开始的异常案件数{group}已恢复正常。最高时（{peak_when}）{peak}起，预计约{peak_expected}起。",
}
_SPIKE = {
    "en": "{who}: {observed} cases{group} {when}. About {expected} were to be expected, rarely more than {most}.",
    "vi": "{who}: {observed} vụ{group} {when}. Dự kiến khoảng {expected}, hiếm khi quá {most}.",
    "zh": "{who}：{when}共{observed}起案件{group}。预计约{expected}起，很少超过{most}起。",
}
_SENTENCES: Mapping[tuple[Kind, State], Mapping[str, str]] = {
    (Kind.SPIKE, State.OPEN): _SPIKE,
    (Kind.SPIKE, State.ESCALATED): _SPIKE,
    (Kind.RETRO_SPIKE, State.OPEN): _SPIKE,
    (Kind.SPIKE, State.CLEARED): _OVER,
    (Kind.BULK_REPORT, State.OPEN): {
        "en": "{who} sent {observed} cases {when} in {sendings} sendings, {old} of them about earlier days; about {expected} a day are "
        "usual. No day of seizure stands out.",
        "vi": "{who} gửi {observed} vụ {when} trong {sendings} lần gửi, {old} vụ là của những ngày trước; thường khoảng {expected} vụ mỗi "
        "ngày. Không có ngày thu giữ nào bất thường.",
        "zh": "{who}{when}分{sendings}次报送{observed}起案件，其中{old}起属于更早日期；通常每天约{expected}起。没有哪一天的查获数异常。",
    },
    (Kind.FIRST_SEEN, State.OPEN): {
        "en": "{who}: first case{group} with {what} ({when}).",
        "vi": "{who}: vụ đầu tiên{group} có {what} ({when}).",
        "zh": "{who}：首次出现{what}的案件{group}（{when}）。",
    },
    (Kind.SILENCE, State.OPEN): {
        "en": "{who} has sent nothing {when}; about {expected} reports were to be expected.",
        "vi": "{who} không gửi gì {when}; dự kiến khoảng {expected} báo cáo.",
        "zh": "{who}在{when}没有报送；预计约{expected}份报告。",
    },
    (Kind.SILENCE, State.CLEARED): {
        "en": "{who} reports again after {days} days.",
        "vi": "{who} đã báo cáo trở lại sau {days} ngày.",
        "zh": "{who}在{days}天后恢复报送。",
    },
    (Kind.MAJOR, State.OPEN): {
        "en": "{who}: one case of {quantity} of {goods} {when}. {why}",
        "vi": "{who}: một vụ {goods}, {quantity}, {when}. {why}",
        "zh": "{who}：{when}一起案件查获{goods}{quantity}。{why}",
    },
}
_STANDS_OUT = {
    "en": " Stands out: {feature} {value} in {events} of {of} (usually {share} %).",
    "vi": " Nổi bật: {feature} {value} trong {events}/{of} vụ (thường {share} %).",
    "zh": "突出之处：{of}起中有{events}起{feature}为{value}（通常占{share}%）。",
}


_DECLARED = {"en": "Cases from {0} on are major.", "vi": "Từ {0} trở lên là vụ lớn.", "zh": "{0}及以上为重大案件。"}
_LARGEST = {
    "en": "It is among the largest {0} % of all members' cases of these goods.",
    "vi": "Vụ này thuộc {0} % vụ lớn nhất của mọi thành viên đối với hàng hóa này.",
    "zh": "属于全体成员同类物品案件中最大的{0}%。",
}


def why_major(threshold: Mapping[str, str] | None, share: float) -> Mapping[str, str]:
    """Why a case is major: it reaches a declared threshold, or is above a share of the network's cases."""
    if threshold:
        return {language: _DECLARED[language].format(threshold[language]) for language in LANGUAGES}
    return {language: _LARGEST[language].format(written.number(round(100 * (1 - share), 2), language)) for language in LANGUAGES}


def say(kind: Kind, state: State, facts: Mapping[str, Any], stands_out: tuple[StandsOut, ...] = ()) -> Sentences:
    """The sentence of a kind in a state. ``facts`` has the values of its template; a value may be a map with ``en``, ``vi``, ``zh``."""
    return Sentences(**{language: _in(language, kind, state, facts, stands_out) for language in LANGUAGES})


def group(code: str | None) -> Mapping[str, str]:
    """`` (Drugs)``, or nothing for all groups."""
    if not code:
        return dict.fromkeys(LANGUAGES, "")
    entry = code_list("commodity_groups")[code]
    return {"en": f" ({entry.label('en')})", "vi": f" ({entry.label('vi')})", "zh": f"（{entry.label('zh')}）"}


def feature(name: str, value: str, language: str) -> str:
    """A property with its value, in words."""
    return f"{FEATURES[name][language]} {value_of(name, value, language)}"


def goods(group_code: str, code: str, language: str) -> str:
    """A substance or taxon, or its group when the name is on no list."""
    return value_of("substance", code, language) if code else code_list("commodity_groups")[group_code].label(language)


def span(bucket: Span) -> Mapping[str, str]:
    """The days of a span, in words."""
    start, end = bucket.start, bucket.end
    if start == end:
        return _filled({"en": "on {0}", "vi": "ngày {0}", "zh": "{0}"}, written.day, start)
    if bucket.size == "month" and (start.year, start.month) == (end.year, end.month):
        return _filled({"en": "in {0}", "vi": "{0}", "zh": "{0}"}, written.month, start)
    return _filled({"en": "from {0} to {1}", "vi": "từ {0} đến {1}", "zh": "{0}至{1}"}, written.day, start, end)


def _filled(sentences: Mapping[str, str], write: Callable[[date, str], str], *days: date) -> Mapping[str, str]:
    return {language: text.format(*(write(one, language) for one in days)) for language, text in sentences.items()}


def _in(language: str, kind: Kind, state: State, facts: Mapping[str, Any], stands_out: tuple[StandsOut, ...]) -> str:
    words = {name: written.fact(fact, language) for name, fact in facts.items()}
    text = _PREFIX.get((kind, state), {}).get(language, "") + _SENTENCES[kind, state][language].format(**words)
    for one in stands_out[:1]:
        text += _STANDS_OUT[language].format(
            feature=FEATURES[one.feature][language],
            value=value_of(one.feature, one.value, language),
            events=written.number(one.events, language),
            of=written.number(one.of, language),
            share=round(100 * one.usual_share),
        )
    return text
