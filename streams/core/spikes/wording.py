# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""Facts of an alert in, one plain sentence or two in each language out. No figures of the test: those stand under ``explain``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from schemas.alerts import Kind, Sentences, Span, StandsOut, State
from schemas.codes import LANGUAGES, code_list

_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
ALL_MEMBERS = {"en": "All members together", "vi": "Tất cả các thành viên", "zh": "全体成员"}
_LISTS = {"concealment": ("concealment",), "place": ("places",), "substance": ("substances", "taxa")}
_FEATURES = {
    "route": {"en": "route", "vi": "tuyến", "zh": "路线"},
    "concealment": {"en": "concealment", "vi": "cách cất giấu", "zh": "藏匿方式"},
    "combination": {"en": "the combination", "vi": "sự kết hợp", "zh": "组合"},
    "place": {"en": "place", "vi": "địa điểm", "zh": "地点"},
    "substance": {"en": "goods", "vi": "hàng hóa", "zh": "物品"},
}
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
        "ngày. Không có ngày bắt giữ nào bất thường.",
        "zh": "{who}{when}分{sendings}次报送{observed}起案件，其中{old}起属于更早日期；通常每天约{expected}起。没有哪一天的查获数异常。",
    },
    (Kind.FIRST_SEEN, State.OPEN): {
        "en": "{who}: first case{group} with {what} ({when}).",
        "vi": "{who}: vụ đầu tiên{group} với {what} ({when}).",
        "zh": "{who}：首次出现{what}的案件{group}（{when}）。",
    },
    (Kind.SILENCE, State.OPEN): {
        "en": "{who} has sent nothing {when}; about {expected} reports were to be expected.",
        "vi": "{who} không gửi gì {when}; dự kiến khoảng {expected} báo cáo.",
        "zh": "{who}{when}没有报送；预计约{expected}份报告。",
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
    return {language: _LARGEST[language].format(f"{100 * (1 - share):.2g}") for language in LANGUAGES}


def say(kind: Kind, state: State, facts: Mapping[str, Any], stands_out: tuple[StandsOut, ...] = ()) -> Sentences:
    """The sentence of a kind in a state. ``facts`` holds what its template names, and per language under ``en``, ``vi``, ``zh``."""
    return Sentences(**{language: _in(language, kind, state, facts, stands_out) for language in LANGUAGES})


def group(code: str | None) -> Mapping[str, str]:
    """`` (Drugs)``, or nothing for all groups."""
    if not code:
        return dict.fromkeys(LANGUAGES, "")
    entry = code_list("commodity_groups")[code]
    return {"en": f" ({entry.label('en')})", "vi": f" ({entry.label('vi')})", "zh": f"（{entry.label('zh')}）"}


def feature(name: str, value: str, language: str) -> str:
    """A property with its value, in words."""
    return f"{_FEATURES[name][language]} {value_of(name, value, language)}"


def value_of(name: str, value: str, language: str) -> str:
    """A code in words."""
    if name == "combination":
        parts = zip(("substance", "route", "concealment"), value.split("|"), strict=True)
        return ", ".join(value_of(part, one, language) for part, one in parts)
    if name == "route":
        return " → ".join(_label(("countries",), code, language) for code in value.split(">"))
    return _label(_LISTS[name], value, language)


def goods(group_code: str, code: str, language: str) -> str:
    """A substance or taxon, or its group where the name is on no list."""
    return value_of("substance", code, language) if code else code_list("commodity_groups")[group_code].label(language)


def span(bucket: Span) -> Mapping[str, str]:
    """When, in words."""
    start, end = bucket.start, bucket.end
    if start == end:
        return {"en": f"on {_day(start)}", "vi": f"ngày {start:%d/%m/%Y}", "zh": _zh(start)}
    if bucket.size == "month" and (start.year, start.month) == (end.year, end.month):
        return {"en": f"in {_MONTHS[start.month - 1]} {start.year}", "vi": f"tháng {start:%m/%Y}", "zh": f"{start.year}年{start.month}月"}
    return {
        "en": f"from {_day(start)} to {_day(end)}",
        "vi": f"từ {start:%d/%m/%Y} đến {end:%d/%m/%Y}",
        "zh": f"{_zh(start)}至{_zh(end)}",
    }


def number(value: float) -> str:
    """For a sentence: one decimal below 10, whole and with thousands above."""
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}"  # noqa: PLR2004


def _in(language: str, kind: Kind, state: State, facts: Mapping[str, Any], stands_out: tuple[StandsOut, ...]) -> str:
    words = {name: fact[language] if isinstance(fact, Mapping) else fact for name, fact in facts.items()}
    text = _PREFIX.get((kind, state), {}).get(language, "") + _SENTENCES[kind, state][language].format(**words)
    for one in stands_out[:1]:
        text += _STANDS_OUT[language].format(
            feature=_FEATURES[one.feature][language],
            value=value_of(one.feature, one.value, language),
            events=one.events,
            of=one.of,
            share=round(100 * one.usual_share),
        )
    return text


def _label(lists: tuple[str, ...], code: str, language: str) -> str:
    for name in lists:
        entry = code_list(name).get(code)
        if entry is not None:
            return entry.label(language)
    return code


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
