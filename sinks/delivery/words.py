# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""The texts of mails and of the page for answers that are not in the notification, in English, Vietnamese and Chinese.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mekong.schemas import vocabulary
from mekong.schemas.languages import Language
from mekong.schemas.vocabulary import FEATURES, TIERS, Words, filled

SAID: Mapping[str, Mapping[str, str]] = {
    "exchange": {"en": "Seizure Exchange", "vi": "Trao đổi thông tin thu giữ", "zh": "查获信息交换"},
    "answer": {"en": "Open and answer", "vi": "Mở và trả lời", "zh": "打开并回复"},
    "answer_how": {
        "en": "Acknowledge, judge, mute or leave a note:",
        "vi": "Xác nhận, đánh giá, tạm ngừng thông báo hoặc để lại ghi chú:",
        "zh": "确认、判定、暂停通知或留言：",
    },
    "answer_until": {
        "en": "The link needs no login, so do not pass it on. It works until {until}.",
        "vi": "Liên kết không cần đăng nhập, vì vậy đừng chuyển tiếp. Có hiệu lực đến {until}.",
        "zh": "此链接无需登录，请勿转发。有效期至{until}。",
    },
    "observed": {"en": "Observed", "vi": "Ghi nhận", "zh": "实际"},
    "expected": {"en": "Expected", "vi": "Dự kiến", "zh": "预计"},
    "half": {"en": "Half of the time: {low} to {high}", "vi": "1/2 số lần: {low} đến {high}", "zh": "半数情况：{low}至{high}"},
    "most": {"en": "9 times out of 10: {low} to {high}", "vi": "9/10 lần: {low} đến {high}", "zh": "十有九次：{low}至{high}"},
    "picture": {"en": "Observed against what was expected", "vi": "Ghi nhận so với dự kiến", "zh": "实际与预计对比"},
    "stands_out": {"en": "What stands out", "vi": "Điểm nổi bật", "zh": "突出之处"},
    "share": {
        "en": "{events} of {of} cases; usually {share} %",
        "vi": "{events}/{of} vụ; thường {share} %",
        "zh": "{of}起中有{events}起；通常占{share}%",
    },
    "cases": {"en": "Cases behind it: {count}", "vi": "Số vụ liên quan: {count}", "zh": "相关案件：{count}起"},
    "sql": {"en": "To see them, in ClickHouse:", "vi": "Để xem, chạy trong ClickHouse:", "zh": "在ClickHouse中查看："},
    "late": {
        "en": "{share} % of them came after their time had closed.",
        "vi": "{share} % được báo cáo sau khi kỳ đã kết thúc.",
        "zh": "其中{share}%在该时段结束后才报送。",
    },
    "explain": {"en": "Explain: the figures of the test", "vi": "Giải thích: số liệu của phép kiểm định", "zh": "说明：统计检验的数值"},
    "what_to_do": {"en": "Your answer", "vi": "Trả lời của bạn", "zh": "您的回复"},
    "acknowledge": {"en": "I have seen it", "vi": "Tôi đã xem", "zh": "我已阅"},
    "acknowledge_help": {
        "en": "Tells the others that somebody is looking after it.",
        "vi": "Để người khác biết đã có người theo dõi.",
        "zh": "让其他人知道已有人跟进。",
    },
    "verdict": {"en": "Judge it", "vi": "Đánh giá", "zh": "判定"},
    "real": {"en": "Real: something is going on", "vi": "Đúng: có diễn biến thực tế", "zh": "属实：确有情况"},
    "explained": {"en": "Explained by something known", "vi": "Đã rõ nguyên nhân", "zh": "已知原因可解释"},
    "false": {"en": "False: nothing behind it", "vi": "Báo động giả: không có gì bất thường", "zh": "误报：并无情况"},
    "why": {"en": "Why (if you like)", "vi": "Lý do (nếu muốn)", "zh": "原因（可不填）"},
    "verdict_send": {"en": "Record the verdict", "vi": "Lưu đánh giá", "zh": "提交判定"},
    "which": {"en": "Which", "vi": "Chuỗi nào", "zh": "针对"},
    "all": {"en": "All of them", "vi": "Tất cả", "zh": "全部"},
    "mute": {"en": "Mute the series", "vi": "Tạm ngừng thông báo về chuỗi này", "zh": "暂停该序列的通知"},
    "until": {
        "en": "Until the end of (UTC; at most a year)",
        "vi": "Đến hết ngày (UTC; tối đa một năm)",
        "zh": "暂停至（UTC当日结束；最长一年）",
    },
    "reason": {"en": "Reason", "vi": "Lý do", "zh": "原因"},
    "mute_send": {"en": "Mute", "vi": "Tạm ngừng", "zh": "暂停"},
    "note": {"en": "Leave a hand-over note", "vi": "Để lại ghi chú bàn giao", "zh": "留下交接备注"},
    "note_text": {"en": "To the next on duty", "vi": "Gửi người trực tiếp theo", "zh": "致下一班值班人员"},
    "note_send": {"en": "Leave the note", "vi": "Lưu ghi chú", "zh": "提交备注"},
    "no_names": {
        "en": "No names, plates or phone numbers.",
        "vi": "Không ghi tên người, biển số hay số điện thoại.",
        "zh": "请勿填写姓名、车牌或电话号码。",
    },
    "sure": {"en": "It is none. Record it as it is.", "vi": "Không phải. Lưu nguyên văn.", "zh": "并非此类信息，按原文提交。"},
    "done_acknowledge": {"en": "Recorded: it has been seen.", "vi": "Đã lưu: đã xem.", "zh": "已记录：已阅。"},
    "done_verdict": {"en": "Recorded: {what}.", "vi": "Đã lưu: {what}.", "zh": "已记录：{what}。"},
    "done_mute": {
        "en": "Recorded: this subscription hears nothing of {what} until {until}.",
        "vi": "Đã lưu: đăng ký này không nhận tin về {what} đến {until}.",
        "zh": "已记录：在{until}之前，本订阅不再收到{what}的消息。",
    },
    "done_note": {"en": "Recorded: your note.", "vi": "Đã lưu ghi chú của bạn.", "zh": "已记录您的备注。"},
    "done_snooze": {"en": "Recorded: put off until {until}.", "vi": "Đã lưu: hoãn đến {until}.", "zh": "已记录：推迟至{until}。"},
    "done_undo": {"en": "Recorded: undone.", "vi": "Đã lưu: đã hoàn tác.", "zh": "已记录：已撤销。"},
    "bad_hours": {"en": "Not recorded: choose a time.", "vi": "Chưa lưu: hãy chọn thời gian.", "zh": "未记录：请选择时间。"},
    "bad_kind": {"en": "Not recorded: choose what to do.", "vi": "Chưa lưu: hãy chọn một việc.", "zh": "未记录：请选择操作。"},
    "bad_verdict": {"en": "Not recorded: choose a verdict.", "vi": "Chưa lưu: hãy chọn một đánh giá.", "zh": "未记录：请选择判定。"},
    "bad_series": {
        "en": "Not recorded: choose one of the series shown.",
        "vi": "Chưa lưu: hãy chọn một chuỗi được hiển thị.",
        "zh": "未记录：请选择所列序列之一。",
    },
    "bad_until": {
        "en": "Not recorded: give a day from today on, at most a year ahead.",
        "vi": "Chưa lưu: hãy chọn ngày từ hôm nay, tối đa một năm.",
        "zh": "未记录：请选择今天起一年以内的日期。",
    },
    "bad_text": {"en": "Not recorded: write a few words.", "vi": "Chưa lưu: hãy viết vài chữ.", "zh": "未记录：请填写文字。"},
    "bad_length": {
        "en": "Not recorded: at most {most} characters.",
        "vi": "Chưa lưu: tối đa {most} ký tự.",
        "zh": "未记录：最多{most}个字符。",
    },
    "bad_identifier": {
        "en": "Not recorded yet: this looks like it holds a {what}. Take it out, or say that it is none.",
        "vi": "Chưa lưu: có vẻ chứa thông tin định danh ({what}). Hãy xóa hoặc xác nhận không phải.",
        "zh": "尚未记录：文字中似乎含有个人标识信息（{what}）。请删除，或确认并非此类信息。",
    },
    "document number": {"en": "document number", "vi": "số giấy tờ", "zh": "证件号码"},
    "phone number": {"en": "phone number", "vi": "số điện thoại", "zh": "电话号码"},
    "vehicle plate": {"en": "vehicle plate", "vi": "biển số xe", "zh": "车牌"},
    "mail address": {"en": "mail address", "vi": "địa chỉ thư", "zh": "邮箱地址"},
    "bad_form": {
        "en": "Not recorded: the form is not one of this page.",
        "vi": "Chưa lưu: biểu mẫu không hợp lệ.",
        "zh": "未记录：表单无效。",
    },
    "unknown_link": {"en": "This link does not work", "vi": "Liên kết này không dùng được", "zh": "此链接无效"},
    "unknown_link_text": {
        "en": "It is incomplete, or not one of this exchange. Open it from the mail again, whole.",
        "vi": "Liên kết không đầy đủ hoặc không thuộc hệ thống này. Hãy mở lại nguyên vẹn từ thư.",
        "zh": "链接不完整，或不属于本系统。请从邮件中重新完整打开。",
    },
    "over": {"en": "This link has ended", "vi": "Liên kết này đã hết hạn", "zh": "此链接已过期"},
    "over_text": {
        "en": "Links work for 30 days. The command mekong alerts still takes your answer.",
        "vi": "Liên kết có hiệu lực 30 ngày. Vẫn có thể trả lời bằng lệnh mekong alerts.",
        "zh": "链接有效期为30天。您仍可使用命令mekong alerts回复。",
    },
    "away": {"en": "The exchange does not answer just now", "vi": "Hệ thống tạm thời chưa phản hồi", "zh": "系统暂时无响应"},
    "away_text": {
        "en": "Nothing is lost. Try again in a minute; sending the same again does no harm.",
        "vi": "Không mất dữ liệu. Hãy thử lại sau một phút; gửi lại cũng không sao.",
        "zh": "没有丢失任何内容。请稍后重试；重复提交也无妨。",
    },
    "unclear_text": {
        "en": "Your answer was not confirmed. Nothing is lost: send it again; the same answer twice does no harm.",
        "vi": "Trả lời của bạn chưa được xác nhận. Không mất dữ liệu: hãy gửi lại; gửi hai lần cũng không sao.",
        "zh": "您的回复尚未得到确认。没有丢失任何内容：请重新提交；重复提交也无妨。",
    },
    "send_again": {"en": "Send it again", "vi": "Gửi lại", "zh": "重新提交"},
    "too_large": {"en": "This is too long", "vi": "Nội dung quá dài", "zh": "内容过长"},
    "too_large_text": {
        "en": "Nothing was recorded. Go back and shorten the text.",
        "vi": "Chưa lưu gì. Hãy quay lại và rút ngắn.",
        "zh": "未记录任何内容。请返回并缩短文字。",
    },
}
"""Every sentence, by what it is for."""

_BY_THEMSELVES: Mapping[str, Words] = {**TIERS, **FEATURES}
_EVERYONE = {"en": "All members", "vi": "Tất cả các thành viên", "zh": "全体成员"}


def say(sentence: str, language: Language, **facts: object) -> str:
    """One sentence of ``SAID``."""
    return filled(SAID[sentence], language, facts)


def word(code: str, language: Language) -> str:
    """A tier or feature in words, or itself when this version does not know it."""
    known = _BY_THEMSELVES.get(code)
    return known[language][:1].upper() + known[language][1:] if known else code


def series(alert: dict[str, Any], language: Language) -> str:
    """The agency of a series, in words."""
    return vocabulary.series(alert, _EVERYONE[language], language)
