# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""The sentences on a template and on a marked sheet, in English, Vietnamese and Chinese. Pure.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Mapping

from mekong.schemas.languages import LANGUAGES
from mekong.schemas.vocabulary import Words

TEMPLATE: Mapping[str, Words] = {
    "sheet": {"en": "Seizures", "vi": "Vụ thu giữ", "zh": "查获案件"},
    "notes": {"en": "How to fill it in", "vi": "Hướng dẫn", "zh": "填写说明"},
    "title": {
        "en": "Seizures of {agency} for the Seizure Exchange",
        "vi": "Báo cáo thu giữ của {agency}",
        "zh": "{agency}查获案件报送表",
    },
    "how_1": {
        "en": "1. Write one row for each kind of goods. Rows with the same case number are one case.",
        "vi": "1. Mỗi loại hàng ghi một dòng. Các dòng cùng mã vụ việc là một vụ.",
        "zh": "1. 每种物品填写一行。案件编号相同的行为同一案件。",
    },
    "how_2": {
        "en": "2. Headings with * must be filled in. Leave the other cells empty when you do not know.",
        "vi": "2. Các cột có dấu * là bắt buộc. Các ô khác để trống nếu không biết.",
        "zh": "2. 带 * 的列必须填写。其他不清楚的可留空。",
    },
    "how_3": {
        "en": "3. Write no names, plates, phone numbers or document numbers of persons anywhere.",
        "vi": "3. Không ghi tên người, biển số, số điện thoại hoặc số giấy tờ ở bất kỳ đâu.",
        "zh": "3. 任何位置都不要填写人名、车牌、电话或证件号码。",
    },
    "how_4": {
        "en": "4. The grey row is an example. It is not sent.",
        "vi": "4. Dòng màu xám là ví dụ và không được gửi.",
        "zh": "4. 灰色行为示例，不会发送。",
    },
    "how_5": {
        "en": "5. Check the sheet: mekong check FILE. Send it: mekong send FILE --format sheet --agency {agency}",
        "vi": "5. Kiểm tra: mekong check FILE. Gửi: mekong send FILE --format sheet --agency {agency}",
        "zh": "5. 检查：mekong check FILE。发送：mekong send FILE --format sheet --agency {agency}",
    },
    "how_page": {
        "en": "5. Check and send the sheet on the page where you got it: drop the sheet there.",
        "vi": "5. Kiểm tra và gửi bảng tính trên trang mà bạn đã tải: kéo thả bảng tính vào trang đó.",
        "zh": "5. 请在下载此表格的页面上检查并发送：将表格拖入该页面。",
    },
    "column": {"en": "Column", "vi": "Cột", "zh": "列"},
    "what": {"en": "What to write", "vi": "Nội dung cần ghi", "zh": "填写内容"},
    "bad_date": {
        "en": "Give a date from 2000 until today, such as 2026-05-03.",
        "vi": "Hãy ghi ngày từ năm 2000 đến hôm nay, ví dụ 2026-05-03.",
        "zh": "请填写 2000 年至今天的日期，如 2026-05-03。",
    },
    "bad_number": {
        "en": "Give a number above 0, such as 12.5.",
        "vi": "Hãy ghi một số lớn hơn 0, ví dụ 12.5.",
        "zh": "请填写大于 0 的数字，如 12.5。",
    },
    "bad_count": {"en": "Give a whole number.", "vi": "Hãy ghi một số nguyên.", "zh": "请填写整数。"},
    "not_listed": {
        "en": "This is not on the list. Choose from the list.",
        "vi": "Giá trị không có trong danh sách. Hãy chọn từ danh sách.",
        "zh": "不在列表中。请从列表中选择。",
    },
}
MARKED: Mapping[str, Words] = {
    "row": {"en": "Exchange: row", "vi": "Hệ thống: dòng", "zh": "系统：行号"},
    "result": {"en": "Exchange: result", "vi": "Hệ thống: kết quả", "zh": "系统：结果"},
    "reason": {"en": "Exchange: what to do", "vi": "Hệ thống: cần làm gì", "zh": "系统：处理意见"},
    "summary": {"en": "Exchange summary", "vi": "Tóm tắt của hệ thống", "zh": "系统摘要"},
}
RESULTS: Mapping[str, Words] = {
    "good": {"en": "good", "vi": "tốt", "zh": "正常"},
    "notice": {"en": "good, look at it", "vi": "tốt, nên xem lại", "zh": "正常，请留意"},
    "question": {"en": "asked before it is sent", "vi": "cần xác nhận trước khi gửi", "zh": "发送前需确认"},
    "accepted": {"en": "accepted", "vi": "đã nhận", "zh": "已接收"},
    "corrected": {"en": "accepted as a correction", "vi": "đã nhận, bản sửa", "zh": "已接收（更正）"},
    "withdrawn": {"en": "withdrawn", "vi": "đã rút", "zh": "已撤回"},
    "duplicate": {"en": "duplicate: nothing changed", "vi": "trùng: không thay đổi", "zh": "重复：无变化"},
    "stale": {"en": "stale: nothing changed", "vi": "bản cũ: không thay đổi", "zh": "旧版本：无变化"},
    "rejected": {"en": "rejected", "vi": "bị từ chối", "zh": "被拒绝"},
    "unanswered": {"en": "no receipt yet", "vi": "chưa có phản hồi", "zh": "尚无回执"},
}
"""What became, or would become, of a row."""
SUMMARY: Mapping[str, Words] = {
    "head": {
        "en": "{name}: {count} cases{by}. Nothing was sent.",
        "vi": "{name}: {count} vụ{by}. Chưa gửi gì.",
        "zh": "{name}：{count} 个案件{by}。尚未发送。",
    },
    "sheet": {"en": "the sheet", "vi": "Bảng tính", "zh": "此表格"},
    "by": {"en": ", by the layout {layout}", "vi": ", theo cấu hình cột {layout}", "zh": "，按列设置 {layout}"},
    "receipts": {
        "en": "Receipts of {count} of {all} cases. A case without a receipt was not sent, or the exchange has not answered yet.",
        "vi": "Phản hồi cho {count} trong {all} vụ. Vụ chưa có phản hồi là vụ không được gửi, hoặc hệ thống chưa trả lời.",
        "zh": "{all} 个案件中有 {count} 个已有回执。没有回执的案件未发送，或系统尚未答复。",
    },
    "good": {"en": "accepted", "vi": "sẽ được nhận", "zh": "会被接收"},
    "notice": {"en": "accepted, but look at it", "vi": "sẽ được nhận, nhưng nên xem lại", "zh": "会被接收，但请留意"},
    "question": {
        "en": "`mekong send` asks about it before it sends anything",
        "vi": "hỏi lại trước khi gửi bất cứ gì",
        "zh": "发送任何内容之前会询问",
    },
    "rejected": {"en": "not accepted as it is", "vi": "chưa được nhận, cần sửa", "zh": "按现状不会被接收"},
    "reasons": {"en": "The most frequent reasons:", "vi": "Các lý do thường gặp nhất:", "zh": "最常见的原因："},
    "row": {"en": "row {row}", "vi": "dòng {row}", "zh": "第 {row} 行"},
    "file": {"en": "the file", "vi": "cả tệp", "zh": "整个文件"},
    "more": {"en": "and {count} more kinds", "vi": "và {count} loại khác", "zh": "以及另外 {count} 类"},
    "note": {"en": "note: {note}", "vi": "ghi chú: {note}", "zh": "注：{note}"},
}
"""Of the summary of a check, and of a sheet that was sent."""
LEVELS: Mapping[str, Words] = {
    "good": {"en": "good", "vi": "tốt", "zh": "正常"},
    "notice": {"en": "notice", "vi": "lưu ý", "zh": "提醒"},
    "question": {"en": "question", "vi": "cần hỏi", "zh": "需确认"},
    "rejected": {"en": "rejected", "vi": "bị từ chối", "zh": "被拒绝"},
}
"""The results of a check in one word."""
OUR_HEADINGS = frozenset(MARKED[key][language] for key in ("row", "result", "reason") for language in LANGUAGES)
"""Of the columns that we add to a sheet. They are not read when it comes back."""
EXPORTED: Mapping[str, str] = {name: f"Exchange: {name}" for name in ("case_no", "version", "agency", "status", "handling", "rest")}
"""Of the columns that an export has after those of its format, in this order. A sheet of any layout is known by them when it comes back."""
WITHDRAWN = "withdrawn"
"""In the column of the status: the case does not count, and the row is not sent when the sheet comes back."""
SUMMARIES = frozenset(MARKED["summary"].values())
"""Names of the worksheet that we add."""
_NOTES = frozenset(TEMPLATE["notes"].values())


def is_summary(name: str) -> bool:
    """Whether a worksheet has the name of our summary. It has a number when the sender's own sheet has the name."""
    return name.rstrip("0123456789").rstrip() in SUMMARIES


def has_no_seizures(name: str) -> bool:
    """Whether a worksheet has the name of one that we add beside the sheet."""
    return is_summary(name) or name in _NOTES
