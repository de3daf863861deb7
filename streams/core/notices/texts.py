# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""Writes the subject and text of a notification in English, Vietnamese and Chinese. The sentences of an alert come from the alert itself.

Vietnamese and Chinese are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from mekong.schemas.alerts import Kind, State
from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import TIERS, Words, filled, series

KINDS: Mapping[Kind, Words] = {
    Kind.SPIKE: {"en": "more cases than usual", "vi": "số vụ nhiều hơn bình thường", "zh": "案件多于往常"},
    Kind.RETRO_SPIKE: {"en": "an unusual time in the past", "vi": "bất thường trong quá khứ", "zh": "过去时段异常"},
    Kind.BULK_REPORT: {"en": "many old cases at once", "vi": "nhiều vụ cũ được gửi cùng lúc", "zh": "一次报送大量旧案"},
    Kind.FIRST_SEEN: {"en": "seen for the first time", "vi": "lần đầu xuất hiện", "zh": "首次出现"},
    Kind.SILENCE: {"en": "no reports", "vi": "không có báo cáo", "zh": "没有报送"},
    Kind.MAJOR: {"en": "a major case", "vi": "vụ lớn", "zh": "重大案件"},
}
STATES: Mapping[State, Words] = {
    State.OPEN: {"en": "", "vi": "", "zh": ""},
    State.ESCALATED: {"en": ", rising further", "vi": ", tiếp tục tăng", "zh": "，继续上升"},
    State.CLEARED: {"en": ", over", "vi": ", đã kết thúc", "zh": "，已结束"},
}
SAID: Mapping[str, Words] = {
    "alert": {
        "en": "{tier}: {kind}{state} ({series})",
        "vi": "{tier}: {kind}{state} ({series})",
        "zh": "{tier}：{kind}{state}（{series}）",
    },
    "everyone": {"en": "all members", "vi": "tất cả các thành viên", "zh": "全体成员"},
    "digest": {"en": "{count} alerts for {day}", "vi": "{count} thông báo ngày {day}", "zh": "{day}：{count}条提醒"},
    "digest_text": {
        "en": "What did not go out at once, the strongest first:",
        "vi": "Những thông báo chưa gửi ngay, mạnh nhất trước:",
        "zh": "未即时发送的提醒，由强到弱：",
    },
    "held_back": {
        "en": "{count} more alerts are not shown: their series is muted, or they came while this subscription was paused.",
        "vi": "{count} thông báo khác không hiển thị: chuỗi đã tạm ngừng thông báo hoặc đến khi đăng ký tạm dừng.",
        "zh": "另有{count}条提醒未显示：其序列已暂停通知，或在订阅暂停期间产生。",
    },
    "alive": {"en": "Nothing to report on {day}", "vi": "Không có gì để báo cáo ngày {day}", "zh": "{day}：无提醒"},
    "alive_text": {
        "en": "The exchange is at work and this channel is open. No alert matched the subscription since the last message.",
        "vi": "Hệ thống đang hoạt động và kênh này thông suốt. Không có thông báo nào khớp với đăng ký kể từ tin trước.",
        "zh": "系统运行正常，本通道畅通。自上一条消息以来没有符合订阅条件的提醒。",
    },
    "weekly_well": {"en": "Week to {day}: all is well", "vi": "Tuần đến {day}: mọi việc ổn", "zh": "截至{day}的一周：一切正常"},
    "weekly_look": {
        "en": "Week to {day}: points to look at: {count}",
        "vi": "Tuần đến {day}: số điểm cần xem: {count}",
        "zh": "截至{day}的一周：需要关注{count}项",
    },
    "test": {"en": "Test of this channel", "vi": "Kiểm tra kênh này", "zh": "通道测试"},
    "test_text": {
        "en": "You asked for a test. If you read this, the channel works.",
        "vi": "Bạn đã yêu cầu kiểm tra. Nếu đọc được tin này, kênh hoạt động tốt.",
        "zh": "您请求了测试。能读到此消息，说明通道正常。",
    },
    "warning": {"en": "Warning of {who} ({case_no})", "vi": "Cảnh báo của {who} ({case_no})", "zh": "{who}发出预警（{case_no}）"},
    "warning_again": {
        "en": "Warning of {who} corrected ({case_no})",
        "vi": "Cảnh báo của {who} đã được sửa ({case_no})",
        "zh": "{who}更正预警（{case_no}）",
    },
    "warning_over": {
        "en": "Warning of {who} taken back ({case_no})",
        "vi": "{who} rút lại cảnh báo ({case_no})",
        "zh": "{who}撤回预警（{case_no}）",
    },
    "not_named": {
        "en": "It no longer names your agency.",
        "vi": "Cảnh báo không còn nêu tên cơ quan của bạn.",
        "zh": "该预警不再涉及贵机构。",
    },
    "goods": {"en": "Goods: {what}", "vi": "Hàng hóa: {what}", "zh": "物品：{what}"},
    "route": {"en": "Route: {what}", "vi": "Tuyến: {what}", "zh": "路线：{what}"},
    "transport": {"en": "Transport: {what}", "vi": "Vận chuyển: {what}", "zh": "运输方式：{what}"},
    "concealment": {"en": "Concealment: {what}", "vi": "Cách cất giấu: {what}", "zh": "藏匿方式：{what}"},
    "note": {"en": "Note: {what}", "vi": "Ghi chú: {what}", "zh": "备注：{what}"},
    "feedback_by": {"en": "Feedback is asked for by {by}.", "vi": "Đề nghị phản hồi trước {by}.", "zh": "请在{by}前反馈。"},
    "feedback": {"en": "Feedback of {who} ({case_no})", "vi": "Phản hồi của {who} ({case_no})", "zh": "{who}的反馈（{case_no}）"},
    "feedback_over": {
        "en": "Feedback of {who} taken back ({case_no})",
        "vi": "{who} rút lại phản hồi ({case_no})",
        "zh": "{who}撤回反馈（{case_no}）",
    },
    "outcome": {"en": "Outcome: {what}", "vi": "Kết quả: {what}", "zh": "结果：{what}"},
    "after": {
        "en": "It came {hours} h {minutes} min after the warning.",
        "vi": "Phản hồi đến sau cảnh báo {hours} giờ {minutes} phút.",
        "zh": "在预警发出{hours}小时{minutes}分钟后收到。",
    },
    "reminder_own": {
        "en": "Your feedback is due: warning of {who} ({case_no})",
        "vi": "Cần phản hồi: cảnh báo của {who} ({case_no})",
        "zh": "待反馈：{who}的预警（{case_no}）",
    },
    "reminder_own_text": {
        "en": "{who} asked for feedback by {by}. None of yours has come.",
        "vi": "{who} đề nghị phản hồi trước {by}. Chưa nhận được phản hồi của bạn.",
        "zh": "{who}请求在{by}前反馈，尚未收到贵方反馈。",
    },
    "reminder_others": {
        "en": "Feedback is missing: your warning ({case_no})",
        "vi": "Thiếu phản hồi: cảnh báo của bạn ({case_no})",
        "zh": "缺少反馈：贵方预警（{case_no}）",
    },
    "reminder_others_text": {
        "en": "You asked for feedback by {by}. None has come from: {missing}.",
        "vi": "Bạn đề nghị phản hồi trước {by}. Chưa có phản hồi từ: {missing}.",
        "zh": "贵方请求在{by}前反馈，尚未收到以下机构的反馈：{missing}。",
    },
}
"""Every sentence, by its purpose."""


class Text(NamedTuple):
    """Subject and text of a notification."""

    subject: str
    text: str


def say(sentence: str, language: Language, **facts: object) -> str:
    """One sentence of ``SAID``."""
    return filled(SAID[sentence], language, facts)


def alert(value: Mapping[str, Any], language: Language) -> Text:
    """The text of one alert."""
    facts = {
        "tier": TIERS[value["tier"]][language],
        "kind": KINDS[value["kind"]][language],
        "state": STATES[value["state"]][language],
        "series": series(value, say("everyone", language), language),
    }
    return Text(say("alert", language, **facts), value["sentences"][language])


def digest(alerts: Sequence[Mapping[str, Any]], held_back: int, day: date, language: Language) -> Text:
    """The text of several alerts, with one line for each."""
    lines = [f"- {TIERS[one['tier']][language]}: {one['sentences'][language]}" for one in alerts]
    tail = [say("held_back", language, count=held_back)] if held_back else []
    return Text(say("digest", language, count=len(alerts), day=day), "\n".join([say("digest_text", language), *lines, *tail]))


def alive(held_back: int, day: date, language: Language) -> Text:
    """The text of a sign of life."""
    tail = [say("held_back", language, count=held_back)] if held_back else []
    return Text(say("alive", language, day=day), "\n".join([say("alive_text", language), *tail]))


def test(language: Language) -> Text:
    """The text of a test of the channel."""
    return Text(say("test", language), say("test_text", language))
