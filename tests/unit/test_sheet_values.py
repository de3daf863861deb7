"""Dates, numbers, countries and units are read as people of the region write them; what can be read in two ways is refused."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from mekong.producers.sheets.dates import Habit, read_date, written
from mekong.producers.sheets.numbers import Quantity, read_quantity
from mekong.producers.sheets.personal import personal_heading, personal_text
from mekong.producers.sheets.spellings import code_of


@pytest.mark.parametrize(
    ("value", "is_written"),
    [
        ("2025-05-03", "2025-05-03"),
        ("2025/5/3", "2025-05-03"),
        ("20250503", "2025-05-03"),
        ("31/05/2025", "2025-05-31"),
        ("05/31/2025", "2025-05-31"),
        ("5.5.2025", "2025-05-05"),
        ("2025-05-03 13:20", "2025-05-03"),
        ("2025年5月3日", "2025-05-03"),
        ("２０２５年５月３日", "2025-05-03"),
        ("ngày 3 tháng 5 năm 2025", "2025-05-03"),
        ("tháng 5 năm 2025", "2025-05"),
        ("3 May 2025", "2025-05-03"),
        ("May 3, 2025", "2025-05-03"),
        ("3 mai 2025", "2025-05-03"),
        ("12 août 2025", "2025-08-12"),
        ("3 พฤษภาคม 2025", "2025-05-03"),
        ("3 ພຶດສະພາ 2025", "2025-05-03"),
        ("3 ឧសភា 2025", "2025-05-03"),
        ("៣ ឧសភា ២០២៥", "2025-05-03"),
        ("3 မေ 2025", "2025-05-03"),
        ("၃ မေ ၂၀၂၅", "2025-05-03"),
        ("May 2025", "2025-05"),
        ("05/2025", "2025-05"),
        ("2025-05", "2025-05"),
        (2025, "2025"),
        (2025.0, "2025"),
        (date(2025, 5, 3), "2025-05-03"),
        (datetime(2025, 5, 3, 13, 20), "2025-05-03"),
    ],
)
def test_dates(value, is_written):
    assert written(read_date(value, Habit())) == is_written


@pytest.mark.parametrize(
    ("value", "order", "calendar", "is_written"),
    [
        ("03/04/2025", "dmy", "", "2025-04-03"),
        ("03/04/2025", "mdy", "", "2025-03-04"),
        ("3/4/25", "dmy", "", "2025-04-03"),
        ("25/4/3", "ymd", "", "2025-04-03"),
        ("3 พ.ค. 2568", "", "buddhist", "2025-05-03"),
        ("๓ พฤษภาคม ๒๕๖๘", "", "buddhist", "2025-05-03"),
        (date(2568, 5, 3), "", "buddhist", "2025-05-03"),
        ("2025-05-03", "", "buddhist", "2025-05-03"),
    ],
)
def test_dates_by_the_habit_of_the_layout(value, order, calendar, is_written):
    assert written(read_date(value, Habit(order, calendar))) == is_written


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("03/04/2025", "can be read in two orders"),
        ("31/12/25", "has a year of two figures"),
        ("03/05/2568", "can be read in two orders"),
        ("13/05/2568", "has a year of the Buddhist calendar"),
        (date(2568, 5, 3), "has a year of the Buddhist calendar"),
        ("30/02/2025", "is not a day of the calendar"),
        (45_780, "does not say from which day"),
        ("last week", "is not a date"),
        (True, "is not a date"),
        ("", "is not a date"),
        ("99999999999", "is not a date"),
    ],
)
def test_a_date_that_is_not_clear_is_refused(value, says):
    assert says in read_date(value, Habit())


@pytest.mark.parametrize(
    ("value", "decimal", "number", "unit", "is_estimated"),
    [
        (1.5, "", "1.5", "", False),
        ("1.5", "", "1.5", "", False),
        ("1,5", "", "1.5", "", False),
        ("1,5", ",", "1.5", "", False),
        ("1.234,5", "", "1234.5", "", False),
        ("1,234.5", "", "1234.5", "", False),
        ("1,234,567", "", "1234567", "", False),
        ("1 234,5", "", "1234.5", "", False),
        ("1.234", ",", "1234", "", False),
        ("1.234", ".", "1.234", "", False),
        ("0.125", "", "0.125", "", False),
        ("๑๒.๕", "", "12.5", "", False),
        ("၁၂", "", "12", "", False),
        ("１２", "", "12", "", False),
        ("5 kg", "", "5", "kg", False),
        ("约一公斤", "", "1", "kg", True),
        ("十五公斤", "", "15", "kg", False),
        ("两千三百片", "", "2300", "tablet", False),
        ("三公斤半", "", None, "", False),
        ("approx. 5 kg", "", "5", "kg", True),
        ("khoảng 20 viên", "", "20", "tablet", True),
        ("ประมาณ 3 กิโลกรัม", "", "3", "kg", True),
        ("environ 12,5 kg", "", "12.5", "kg", True),
        ("~7", "", "7", "", True),
        ("10公斤左右", "", "10", "kg", True),
        ("1.5E+3", "", "1.5E+3", "", False),
        ("1.234", "", None, "", False),
        ("1,234", "", None, "", False),
        ("12,5", ".", None, "", False),
        ("many", "", None, "", False),
        ("5 elephants of gold", "", None, "", False),
        ("5-6", "", None, "", False),
    ],
)
def test_quantities(value, decimal, number, unit, is_estimated):
    found = read_quantity(value, decimal)
    if number is None:
        assert isinstance(found, str), found
    else:
        assert isinstance(found, Quantity), found
        assert (str(found.number), found.unit, found.is_estimated) == (number, unit, is_estimated)


COUNTRIES = {
    "VN": ("Viet Nam", "VNM", "Việt Nam", "越南", "เวียดนาม", "ຫວຽດນາມ", "វៀតណាម", "ဗီယက်နမ်", "vn"),
    "LA": ("Lao PDR", "LAO", "Lào", "老挝", "ลาว", "ລາວ", "ឡាវ", "Lao People's Democratic Republic"),
    "TH": ("Thailand", "THA", "Thái Lan", "thai lan", "泰国", "泰國", "ประเทศไทย", "ថៃ", "ထိုင်း", "Thaïlande"),
    "MM": ("Myanmar", "Burma", "MMR", "缅甸", "မြန်မာ", "Birmanie"),
    "KH": ("Cambodia", "Campuchia", "柬埔寨", "กัมพูชา", "កម្ពុជា", "Cambodge"),
    "CN": ("China", "Trung Quốc", "Trung Quoc", "中国", "จีน", "ຈີນ", "ចិន", "တရုတ်", "Chine"),
    "NG": ("NGA", "Nigeria"),
    "RU": ("Nga", "Russian Federation"),
}


@pytest.mark.parametrize("code", COUNTRIES)
def test_countries_by_their_names_in_eight_languages(code):
    assert {name: code_of("countries", name) for name in COUNTRIES[code]} == dict.fromkeys(COUNTRIES[code], code)


def test_a_word_that_is_none_or_two_is_no_code():
    assert code_of("countries", "Atlantis") is None
    assert code_of("units", "stone") is None


PERSONAL_HEADINGS = (
    "Họ và tên",
    "Ho va ten",
    "Passport No.",
    "护照号码",
    "姓名",
    "ชื่อผู้ต้องหา",
    "ໜັງສືຜ່ານແດນ",
    "ឈ្មោះ",
    "အမည်",
    "Nom et prénom",
    "Phone number 2",
)
FIELDS = ("Case number", "Nationality of offenders", "Number of suspects", "Place", "地点", "Ngày", "วันที่", "Quantité")


@pytest.mark.parametrize("heading", PERSONAL_HEADINGS)
def test_a_heading_of_personal_data(heading):
    assert personal_heading(heading)


@pytest.mark.parametrize("heading", FIELDS)
def test_a_heading_of_other_data(heading):
    assert not personal_heading(heading)


@pytest.mark.parametrize(
    "text",
    [
        "Nguyễn Văn A", "NGUYEN VAN A", "Mr Smith was driving", "王小明", "嫌疑人：李四光", "นาย สมชาย",
        "ທ້າວ ຄຳ", "លោក សុខា", "ဦး အောင်", "U Tun Tun",
        "call 0912 345 678", "+84912345678", "passport B1234567", "29A-123.45", "云A12345",
        "กข 1234", "CCCD 001203004567", "born 1990", "sinh năm 1990",
        "a@example.org", "account no 123456789",
    ],
)  # fmt: skip
def test_a_text_with_personal_data(text):
    assert personal_text(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "behind a false wall", "hidden in 12 boxes of fruit", "container TCLU1234567", "giấu trong thùng hàng", "藏在货箱里", "黄花梨",
        "นางอาย", "Hồ Chí Minh", "2025-05-03", "case 2025-0312-0045", "1,250.50 kg", "HS 2939.41", "flight VN 123", "Manis javanica",
    ],
)  # fmt: skip
def test_a_text_without_personal_data(text):
    assert personal_text(text) is None
