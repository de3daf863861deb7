# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""Says in a language how an agency's feed is: for the command, the sender's page and the mail. Pure.

Vietnamese and Chinese are unreviewed, like the labels of the code lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mekong.schemas.feed import FeedHealth, Share
from mekong.schemas.languages import Language

SAID: Mapping[str, Mapping[Language, str]] = {
    "none": {
        "en": "No message in the last 180 days.",
        "vi": "Không có thông điệp nào trong 180 ngày qua.",
        "zh": "最近180天没有任何消息。",
    },
    "share": {
        "en": "Rejected: {rejected} of {messages} messages in the last 7 days ({part}); in the 28 days before, {before}.",
        "vi": "Bị từ chối: {rejected} trong {messages} thông điệp trong 7 ngày qua ({part}); trong 28 ngày trước đó: {before}.",
        "zh": "被拒绝：最近7天{messages}条消息中有{rejected}条（{part}）；之前28天为{before}。",
    },
    "rises": {
        "en": "The rejected part rises. `mekong receipts --rejected` shows the reasons.",
        "vi": "Tỷ lệ bị từ chối đang tăng. `mekong receipts --rejected` cho biết lý do.",
        "zh": "被拒绝的比例在上升。`mekong receipts --rejected` 显示原因。",
    },
    "rises_page": {
        "en": "The rejected part rises. The receipts of your sheets show the reasons.",
        "vi": "Tỷ lệ bị từ chối đang tăng. Phản hồi của từng bảng tính cho biết lý do.",
        "zh": "被拒绝的比例在上升。各表格的回执显示原因。",
    },
    "last": {
        "en": "Days since the last message: {days}. Usual pause: {usual}.",
        "vi": "Số ngày kể từ thông điệp cuối: {days}. Khoảng nghỉ thông thường: {usual}.",
        "zh": "距最后一条消息的天数：{days}。通常间隔：{usual}。",
    },
    "silent": {
        "en": "The feed is silent for longer than usual. If nothing was seized, all is well. If something was, run `mekong doctor`.",
        "vi": "Lần gửi gần nhất đã quá lâu so với thường lệ. Nếu không có vụ thu giữ nào thì không sao. Nếu có, hãy chạy `mekong doctor`.",
        "zh": "数据中断的时间比平时长。如果没有查获案件，则一切正常；如果有，请运行 `mekong doctor`。",
    },
    "silent_page": {
        "en": "Your agency has not sent for longer than usual. If nothing was seized, all is well. If something was, test the connection.",
        "vi": "Cơ quan bạn đã không gửi lâu hơn thường lệ. Nếu không có vụ thu giữ nào thì không sao. Nếu có, hãy thử kết nối.",
        "zh": "本机构未报送的时间比平时长。如果没有查获案件，则一切正常；如果有，请测试连接。",
    },
    "failing": {
        "en": "Rejected {times} times in 35 days: {field}: {detail}",
        "vi": "Bị từ chối {times} lần trong 35 ngày: {field}: {detail}",
        "zh": "35天内被拒绝{times}次：{field}：{detail}",
    },
    "delay": {
        "en": "Days from the seizure to the report: half of {cases} cases within {half}, nine of ten within {most}.",
        "vi": "Số ngày từ khi thu giữ đến khi báo cáo: một nửa trong {cases} vụ trong vòng {half}, chín phần mười trong vòng {most}.",
        "zh": "从查获到上报的天数：{cases}起案件中一半在{half}天以内，九成在{most}天以内。",
    },
    "unknown": {"en": "not known yet", "vi": "chưa biết", "zh": "尚不清楚"},
}
"""What can be said -> language -> sentence. The sentence of a code that fails has the detail of the receipt, which is in English."""


class Line(NamedTuple):
    """One sentence."""

    text: str
    needs_a_look: bool = False


def feed_lines(health: FeedHealth, language: Language = "en", *, on_page: bool = False) -> Iterator[Line]:
    """What there is to say of a feed, in the order in which a person reads it. ``on_page``: without a command."""
    if health.last_at is None:
        yield Line(SAID["none"][language])
        return
    unknown, where = SAID["unknown"][language], "_page" if on_page else ""
    recent = {"rejected": health.recent.rejected, "messages": health.recent.messages, "part": _part(health.recent, unknown)}
    yield Line(SAID["share"][language].format(**recent, before=_part(health.before, unknown)))
    if health.rejections_rise:
        yield Line(SAID["rises" + where][language], needs_a_look=True)
    usual = unknown if health.usual_days is None else health.usual_days
    yield Line(SAID["last"][language].format(days=health.silent_days, usual=usual))
    if health.is_silent:
        yield Line(SAID["silent" + where][language], needs_a_look=True)
    for one in health.failing:
        yield Line(SAID["failing"][language].format(**one.model_dump()), needs_a_look=True)
    if health.delay:
        yield Line(SAID["delay"][language].format(**health.delay.model_dump()))


def _part(share: Share, unknown: str) -> str:
    return f"{share.part:.1%}" if share.messages else unknown
