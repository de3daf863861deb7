"""A conveyance travels as a MAC that only the members of its operation can make."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.schemas.conveyance import conveyance_hmac
from mekong.schemas.errors import Refused
from mekong.schemas.messages import Seizure

SEIZURE = {
    "agency": "VN-CUSTOMS",
    "case_no": "1",
    "seized_at": "2026-05-03",
    "lines": [{"commodity_group": "drug", "substance_or_taxon": "heroin", "quantity_kind": "unknown"}],
}


def test_a_message_takes_it():
    text = conveyance_hmac(b"key", "OMD", "51F-123.45")
    assert Seizure.model_validate(SEIZURE | {"conveyance": text}).conveyance == text


@pytest.mark.parametrize(
    "spelling", ["51f-12345", "51F 123.45", " 51F12345 ", "51F_123-45", "\uff15\uff11\uff26\uff11\uff12\uff13\uff14\uff15"]
)
def test_every_spelling_of_a_plate_gives_the_same(spelling):
    assert conveyance_hmac(b"key", "OMD", spelling) == conveyance_hmac(b"key", "OMD", "51F-123.45")


@pytest.mark.parametrize("other", ["51F-123.46", "粤B12345", "กข 1234", "กิข 1234"])
def test_another_conveyance_gives_another(other):
    assert conveyance_hmac(b"key", "OMD", other) != conveyance_hmac(b"key", "OMD", "51F-123.45")


def test_vowel_signs_count_as_part_of_a_name():
    assert conveyance_hmac(b"key", "OMD", "กิข 1234") != conveyance_hmac(b"key", "OMD", "กข 1234")


def test_another_key_gives_another():
    assert conveyance_hmac(b"key", "OMD", "51F-123.45") != conveyance_hmac(b"other", "OMD", "51F-123.45")


def test_the_plate_cannot_be_read_from_it():
    assert "12345" not in conveyance_hmac(b"key", "OMD", "51F-123.45")


@pytest.mark.parametrize("text", ["", "  ", "--", "."])
def test_nothing_to_name_is_refused(text):
    with pytest.raises(ValueError, match="letter or a digit"):
        conveyance_hmac(b"key", "OMD", text)


def test_a_hash_without_a_key_is_refused():
    with pytest.raises(ValueError, match="MEKONG_CONVEYANCE_KEY"):
        conveyance_hmac(b"", "OMD", "51F-123.45")


def asked(*arguments, key="key", **more):
    return CliRunner().invoke(mekong, ["conveyance", *arguments], env={"MEKONG_CONVEYANCE_KEY": key}, **more)


def test_the_command_makes_it_under_the_key_of_the_environment():
    assert asked("51F-123.45", "--operation", "OMD").output == conveyance_hmac(b"key", "OMD", "51F-123.45") + "\n"


def test_the_command_makes_one_a_line_of_its_input_and_keeps_blank_ones():
    given = asked("-", "--operation", "OMD", input="51F 12345\n\n29B1-23456\n").output.splitlines()
    assert given == [conveyance_hmac(b"key", "OMD", "51F-123.45"), "", conveyance_hmac(b"key", "OMD", "29B1-23456")]


@pytest.mark.parametrize(
    ("text", "operation", "key", "said"),
    [("51F", "OMD", "", "MEKONG_CONVEYANCE_KEY"), ("51F", "OMDX", "key", "did you mean OMD"), (" . ", "OMD", "key", "a letter or a digit")],
)
def test_the_command_refuses_what_would_tell_the_plate_or_nothing(text, operation, key, said):
    found = asked(text, "--operation", operation, key=key)
    assert isinstance(found.exception, Refused)
    assert said in str(found.exception)
