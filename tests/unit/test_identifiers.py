"""What a note may hold, and what it had better not."""

from __future__ import annotations

import pytest

from mekong.schemas.identifiers import DOCUMENT, MAIL, PHONE, PLATE, likely_identifiers

IDENTIFIERS = {
    DOCUMENT: [
        "passport B1234567",
        "hộ chiếu số C1234567",
        "CCCD 012345678",
        "CMND: 123456789",
        "holder 001099012345 was released",
        "carrier 440301199003074512",
        "carrier 44030119900307451X",
        "身份证440301199003074512",
        "护照号 E12345678",
        "carrier with E12345678 left",
        "Thai AA1234567 holder",
        "ID 1-2345-67890-12-1",
        "1101700230708 was stopped",
        "NRC 12/OUKAMA(N)123456",
        "12/OUKAMA(N)123456",
        "၁၂/ဥကမ(နိုင်)၁၂၃၄၅၆",
        "HKID A123456(7)",
        "id card no. 012345678",
        "บัตรประชาชน 1234567890123",
        "หนังสือเดินทาง AB1234567",
    ],
    PHONE: [
        "call +84 912 345 678",
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "090 312 3456",
        "+66 81 234 5678",
        "081-234-5678",
        "020 5512 3456",
        "+856 20 5512 3456",
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "09 421 123 456",
        "09421123456",
        "012 345 678",
        "+855 12 345 678",
        "phone: 024 3825 1234",
        "điện thoại 0243825123",
        "电话 021-12345678",
        "โทร 02-123-4567",
        "0084912345678",
        "Zalo 0987654321",
        "mobile no. 0305712345",
        "ဖုန်း 09421123456",
    ],
    PLATE: [
        "51F-123.45",
        "29A-12345",
        "truck 51F 12345",
        "30E1-234.56",
        "29-B1 234.56",
        "51C12345",
        "粤B12345",
        "粤B·12345",
        "京AD12345",
        "桂F·1A2B3",
        "กข 1234",
        "1กข 1234",
        "รถทะเบียน กข 1234",
        "ກຂ 1234",
        "2A-1234",
        "2AB-1234",
        "YGN 3K-1234",
        "7L/1234",
        "၁က/၁၂၃၄",
        "plate AB 1234",
        "biển số 15C-12345",
        "license plate: ABC123",
        "车牌 粤Z1234港",
        "registration no. 9A-1234",
    ],
    MAIL: ["write to x.y@mail.example", "a@b.vn", "name+tag@sub.domain.org,"],
}
HARMLESS = [
    "",
    "hidden in the fuel tank",
    "seized on 2026-05-03",
    "on 03/05/2026 at 14:30",
    "03.05.2026",
    "12,500 kg of resin",
    "1500kg",
    "2.5 kg in 120 packages",
    "1 200 300 tablets",
    "HS 2939.45",
    "HS code 0305710000",
    "HS 293945",
    "0305.71.00.00",
    "3 containers of 40 ft",
    "container MSKU1234567",
    "MSKU 123456-7",
    "case no. VN-2026-000123",
    "case 2026/1234567",
    "HQ/2026/1234567",
    "seal AB1234567",
    "CITES permit 12345678",
    "declaration 105123456789",
    "tờ khai 105123456789",
    "USD 1,200,000",
    "1,200,000 VND",
    "value 500000000 đồng",
    "COVID-19 test, 2021",
    "1990-2020",
    "temperature 25.123",
    "Boeing 747-400",
    "flight VN1234",
    "TG 560",
    "purity 85.123 %",
    "20 bags x 1000 tablets",
    "藏匿在2026年5月3日",
    "共1200公斤",
    "云南省2025年",
    "รถ 2 คัน",
    "นก 150 ตัว",
    "พ.ศ. 2566",
    "จำนวน 1234 เม็ด",
    "ລວມ 1234 ກິໂລ",
    "lat 21.0285 lon 105.8542",
    "21.028511, 105.804817",
    "batch 20260503",
    "lot A1234567",
    "IMO 9074729",
    "500 x 50 g",
    "phase 2025 of OMD",
    "1961 Convention",
    "box 51, row 12345",
    "20 kg 12345 tablets",
    "@ the gate",
    "5@10",
    "ratio 1:1000",
    "warehouse 12A",
    "road 1A km 1234",
    "2C-B 1000 pills",
    "4-ANPP 12345 g",
    "25I-NBOMe 1234",
    "JWH-018 1000 g",
    "1-phenyl-2-propanone 1200 l",
    "1000 - 2000 km",
    "tel Aviv 2020",
    "registration 2020 of the company",
    "the registration of 120 vehicles",
    "1101700230704 items counted",
]


@pytest.mark.parametrize(("kind", "note"), [(kind, note) for kind, notes in IDENTIFIERS.items() for note in notes])
def test_an_identifier_is_found_and_named(kind, note):
    assert kind in likely_identifiers(note)


@pytest.mark.parametrize("note", HARMLESS)
def test_what_a_note_should_say_is_left_alone(note):
    assert likely_identifiers(note) == ()


def test_each_kind_is_named_once():
    note = "driver 0912345678, owner 0987654321, truck 51F-123.45, passport B1234567, mail a@b.vn"
    assert sorted(likely_identifiers(note)) == sorted([PHONE, PLATE, DOCUMENT, MAIL])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", ["0 ", "09 ", "1,", "a@", "+1 ", "A1234567 ", "passport 12 ", "x 1234 ", "00 84", "1A", "粤B", "กข ", "1"])
def test_a_note_made_to_be_slow_does_not_hang(part):
    assert isinstance(likely_identifiers((part * 1_000)[:997] + "111"), tuple)
