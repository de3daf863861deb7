"""Server-sent events: their bytes, what a filter lets through, and where a reader goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mekong.schemas.errors import Refused
from mekong.sinks.delivery.frames import Entry, Wanted, entry, frame, place, resume_at
from mekong.sinks.delivery.tokens import Tokens, read

EXAMPLES = Path(__file__).parents[1] / "examples" / "alerts" / "good-shared"
ALERT, HOUR = ((EXAMPLES / name).read_bytes() for name in ("alert.json", "hour.json"))


def parsed(raw: bytes) -> list[dict[str, str]]:
    """The events of a stream, as a browser reads them; an id that comes alone is not an event."""
    found, last = [], ""
    for block in raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        last = fields.get("id", last)
        if "data" in fields:
            found.append({**fields, "id": last})
    return found


def compact(raw: bytes) -> bytes:
    return json.dumps(json.loads(raw)).encode()


def warning(agency: str = "VN-CUSTOMS") -> bytes:
    message = {"event_id": "00000000-0000-0000-0000-000000000001", "agency": agency, "kind": "version", "tier": "x"}
    return json.dumps({"kind": "warning", "at": "2026-05-03T08:00:00Z", "member": "LA-CUSTOMS", "message": message}).encode()


def wanted(query: str) -> Wanted:
    return Wanted.of([tuple(part.split("=")) for part in query.split("&") if part])  # type: ignore[misc]


def test_an_alert_becomes_one_event_with_its_offset_as_id():
    (event,) = parsed(frame(entry(41, compact(ALERT))))
    assert event["id"] == "41"
    assert event["event"] == "alert"
    assert json.loads(event["data"]) == json.loads(ALERT)


def test_a_place_moves_the_id_on_without_an_event():
    assert parsed(place(7)) == []
    assert parsed(place(7) + b"data: x\n\n") == [{"data": "x", "id": "7"}]


@pytest.mark.parametrize("raw", [HOUR, b"no json", b"", b"{}"])
def test_what_tells_a_reader_nothing_is_sent_to_nobody(raw):
    assert not wanted("").takes(entry(1, raw))


@pytest.mark.parametrize(
    ("query", "takes"),
    [
        ("", True),
        ("kind=SPIKE", True),
        ("kind=MAJOR", False),
        ("kind=MAJOR,SPIKE", True),
        ("kind=MAJOR&kind=SPIKE", True),
        ("tier=SEVERE&commodity_group=drug&agency=VN-CUSTOMS", True),
        ("tier=SEVERE&commodity_group=fauna", False),
        ("agency=LA-CUSTOMS", False),
        ("since=2026-05-01T00:00:00Z&last_event_id=4", True),
    ],
)
def test_a_filter_lets_an_alert_through_when_every_name_in_it_does(query, takes):
    assert wanted(query).takes(entry(1, ALERT)) is takes


@pytest.mark.parametrize(
    ("query", "takes"),
    [("", True), ("tier=SEVERE&commodity_group=drug", True), ("kind=WARNING", True), ("kind=SPIKE", False), ("agency=LA-CUSTOMS", False)],
)
def test_a_warning_is_held_back_by_kind_and_agency_only(query, takes):
    assert wanted(query).takes(entry(1, warning())) is takes


@pytest.mark.parametrize("query", ["kind=SPIKES", "tier=LOUD", "commodity_group=gold", "colour=red"])
def test_a_filter_that_can_never_match_is_refused_with_what_there_is(query):
    with pytest.raises(Refused, match=r"(there|filters) are"):
        wanted(query)


@pytest.mark.parametrize(("last", "start"), [("", None), ("0", 1), ("41", 42)])
def test_a_reader_goes_on_behind_its_last_event(last, start):
    assert resume_at(last) == start


@pytest.mark.parametrize("last", ["-1", "abc", "1.5", "٣", "9" * 30])
def test_an_id_that_is_none_of_ours_is_refused(last):
    with pytest.raises(Refused):
        resume_at(last)


def test_an_entry_keeps_its_offset_and_value():
    assert entry(3, ALERT)[0::3] == Entry(3, "alert", {}, ALERT)[0::3]


def test_a_token_is_known_by_itself_or_by_its_hash():
    token = "a-token-of-enough-letters"
    hashed = "sha256:" + "0" * 64
    found = read(f"# who  token\n\nVN-CUSTOMS {token}\nLA-CUSTOMS {hashed}\n")
    assert sorted(found.values()) == ["LA-CUSTOMS", "VN-CUSTOMS"]
    assert token not in found


@pytest.mark.parametrize("line", ["VN-CUSTOMS", "VN-CUSTOMS short", "nobody a-token-of-enough-letters", "A B C"])
def test_a_broken_line_of_the_tokens_is_refused_by_its_number_without_showing_the_token(line):
    with pytest.raises(Refused, match="line 2") as refused:
        read(f"# tokens\n{line}\n")
    assert line.split()[-1] not in str(refused.value).replace("VN-CUSTOMS <token>", "") or line == "VN-CUSTOMS"


def test_a_token_that_is_taken_out_of_the_file_is_not_taken_any_more(tmp_path):
    path = tmp_path / "tokens"
    path.write_text("VN-CUSTOMS a-token-of-enough-letters\n")
    tokens = Tokens(path)
    assert tokens.member("Bearer a-token-of-enough-letters") == "VN-CUSTOMS"
    assert tokens.member("Basic a-token-of-enough-letters") is None
    assert tokens.member("") is None
    path.write_text("")
    assert tokens.member("Bearer a-token-of-enough-letters") is None


def test_without_a_file_of_tokens_nobody_is_served(tmp_path):
    with pytest.raises(Refused, match="MEKONG_STREAM_TOKENS"):
        Tokens(None)
    with pytest.raises(Refused, match="cannot be read"):
        Tokens(tmp_path / "none")
