# ruff: noqa: RUF001 - Chinese is written with its own punctuation
"""The columns of the sheet ``simple``, in English, Vietnamese and Chinese: the heading, what belongs into it, and an example. Pure.

The Vietnamese and Chinese texts are unreviewed, like the labels of the code lists. The layout ``simple`` reads these headings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from mekong.schemas.vocabulary import Words


class Column(NamedTuple):
    """One column. ``codes`` is the code list whose words it takes."""

    heading: Words
    note: Words
    kind: Literal["text", "goods", "code", "codes", "date", "number", "count"]
    example: str
    """A text, or a code: it is shown in the words of the language."""
    codes: str = ""
    required: bool = False


_COUNTRY: Words = {"en": "Name or two-letter code.", "vi": "Tên hoặc mã hai chữ cái.", "zh": "名称或两位代码。"}
_SEVERAL: Words = {
    "en": "Choose one; write several with ; between them.",
    "vi": "Chọn một; nếu có nhiều, viết cách nhau bằng dấu ;",
    "zh": "请选择一项；多项之间用 ; 分隔。",
}
_CHOOSE: Words = {"en": "Choose from the list.", "vi": "Chọn từ danh sách.", "zh": "请从列表中选择。"}

COLUMNS: Mapping[str, Column] = {
    "case_no": Column(
        {"en": "Case number", "vi": "Mã vụ việc", "zh": "案件编号"},
        {
            "en": "Your own number of the case. Rows with the same number are one case. No name of a person.",
            "vi": "Mã vụ việc của cơ quan. Các dòng cùng mã là một vụ. Không ghi tên người.",
            "zh": "贵机构的案件编号。编号相同的行为同一案件。请勿填写人名。",
        },
        "text",
        "",
        required=True,
    ),
    "seized_at": Column(
        {"en": "Date of seizure", "vi": "Ngày thu giữ", "zh": "查获日期"},
        {
            "en": "Local date, as 2026-05-03. When only the month is known, with an apostrophe: '2026-05.",
            "vi": "Ngày địa phương, ví dụ 2026-05-03. Nếu chỉ biết tháng, ghi với dấu nháy: '2026-05.",
            "zh": "当地日期，如 2026-05-03。仅知月份时加撇号：'2026-05。",
        },
        "date",
        "2026-05-03",
        required=True,
    ),
    "country": Column({"en": "Country of seizure", "vi": "Quốc gia thu giữ", "zh": "查获国家"}, _COUNTRY, "code", "VN", "countries"),
    "admin1": Column(
        {"en": "Province", "vi": "Tỉnh, thành phố", "zh": "省份"},
        {"en": "Province or state.", "vi": "Tỉnh hoặc thành phố.", "zh": "省、州或直辖市。"},
        "text",
        "Hải Phòng",
    ),
    "place": Column({"en": "Port or border gate", "vi": "Cảng, cửa khẩu", "zh": "口岸"}, _CHOOSE, "code", "VNHPH", "places"),
    "place_type": Column(
        {"en": "Kind of place", "vi": "Loại địa điểm", "zh": "地点类型"}, _CHOOSE, "code", "seaport_riverport", "place_types"
    ),
    "commodity_group": Column(
        {"en": "Commodity group", "vi": "Nhóm hàng hóa", "zh": "物品类别"}, _CHOOSE, "code", "fauna", "commodity_groups", required=True
    ),
    "substance_or_taxon": Column(
        {"en": "Substance or species", "vi": "Chất hoặc loài", "zh": "物质或物种"},
        {
            "en": "A substance, or a scientific name. What is not on the list may be written too.",
            "vi": "Tên chất hoặc tên khoa học. Có thể ghi tên không có trong danh sách.",
            "zh": "物质名称或学名。列表中没有的也可填写。",
        },
        "goods",
        "Manis javanica",
        required=True,
    ),
    "term_code": Column({"en": "Part or product", "vi": "Bộ phận, sản phẩm", "zh": "部位或制品"}, _CHOOSE, "code", "SCA", "terms"),
    "quantity": Column(
        {"en": "Quantity", "vi": "Số lượng", "zh": "数量"},
        {
            "en": "A number above 0, or approx. 5. Leave it empty when it is not known.",
            "vi": "Một số lớn hơn 0, hoặc khoảng 5. Để trống nếu không biết.",
            "zh": "大于 0 的数字，或约5。未知时留空。",
        },
        "number",
        "12.5",
    ),
    "unit": Column({"en": "Unit", "vi": "Đơn vị tính", "zh": "单位"}, _CHOOSE, "code", "kg", "units"),
    "transport_mode": Column(
        {"en": "Means of transport", "vi": "Phương tiện vận chuyển", "zh": "运输方式"}, _CHOOSE, "code", "maritime", "transport"
    ),
    "direction": Column({"en": "Direction", "vi": "Chiều vận chuyển", "zh": "流向"}, _CHOOSE, "code", "import", "directions"),
    "concealment_methods": Column(
        {"en": "Concealment", "vi": "Cách cất giấu", "zh": "藏匿方式"}, _SEVERAL, "codes", "luggage", "concealment"
    ),
    "detection_methods": Column({"en": "Detection", "vi": "Cách phát hiện", "zh": "发现方式"}, _SEVERAL, "codes", "scanning", "detection"),
    "route.origin": Column({"en": "Country of origin", "vi": "Nước xuất xứ", "zh": "来源国"}, _COUNTRY, "code", "NG", "countries"),
    "route.via": Column({"en": "Transit countries", "vi": "Nước quá cảnh", "zh": "过境国"}, _SEVERAL, "codes", "SG", "countries"),
    "route.destination": Column({"en": "Country of destination", "vi": "Nước đến", "zh": "目的国"}, _COUNTRY, "code", "VN", "countries"),
    "suspects.count": Column(
        {"en": "Number of suspects", "vi": "Số đối tượng", "zh": "嫌疑人数"},
        {"en": "How many. Never who.", "vi": "Chỉ ghi số lượng, không ghi danh tính.", "zh": "仅填人数，勿填身份。"},
        "count",
        "1",
    ),
    "suspects.nationalities": Column(
        {"en": "Nationalities of suspects", "vi": "Quốc tịch đối tượng", "zh": "嫌疑人国籍"}, _SEVERAL, "codes", "VN", "countries"
    ),
    "value_amount": Column(
        {"en": "Value", "vi": "Trị giá", "zh": "价值"},
        {"en": "A number, without the currency.", "vi": "Một số, không ghi loại tiền.", "zh": "数字，不含币种。"},
        "number",
        "",
    ),
    "value_currency": Column({"en": "Currency", "vi": "Loại tiền", "zh": "币种"}, _CHOOSE, "code", "", "currencies"),
    "handling.tlp": Column(
        {"en": "Who may see it (TLP)", "vi": "Ai được xem (TLP)", "zh": "知悉范围（TLP）"},
        {
            "en": "Empty means TLP:AMBER.",
            "vi": "Để trống nghĩa là TLP:AMBER.",
            "zh": "留空即 TLP:AMBER。",
        },
        "code",
        "TLP:AMBER",
        "tlp",
    ),
    "method_note": Column(
        {"en": "Remarks", "vi": "Ghi chú", "zh": "备注"},
        {
            "en": "How it was done. No names, plates, phone or document numbers.",
            "vi": "Cách thức thực hiện. Không ghi tên người, biển số, số điện thoại, số giấy tờ.",
            "zh": "作案方式。请勿填写人名、车牌、电话或证件号码。",
        },
        "text",
        "",
    ),
}
"""Our word for the field -> its column, in the order of the sheet."""

EXAMPLE: Words = {"en": "EXAMPLE, NOT SENT", "vi": "VÍ DỤ, KHÔNG GỬI", "zh": "示例，不发送"}
"""The case number of the row that shows how to fill in the sheet. It is not sent."""
