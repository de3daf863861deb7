"""The table of design: what a message is, beside the case as it was (new, duplicate, stale, corrected, withdrawn)."""

import uuid

import pytest

from schemas.limits import MAX_VERSIONS
from schemas.messages import MESSAGE
from streams.core.intake import identity
from streams.core.intake.identify import Case, after, identify
from streams.core.intake.identity import Ids, canonical, content_hash, same_content


def message(kind="seizure", day="2026-05-03", **changed):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "2", "unit": "kg"}
    content = {
        "seizure": {"seized_at": day, "lines": [line]},
        "correction": {"seized_at": day, "lines": [line]},
        "withdrawal": {},
        "warning": {"to": ["LA-CUSTOMS"]},
    }[kind]
    return MESSAGE.validate_python({"message_type": kind, "agency": "VN-CUSTOMS", "case_no": "1", **content, **changed})


def taken(*messages):
    """The case after messages that each change it."""
    case = None
    for one in messages:
        found = identify(case, one, canonical(one))
        case = after(case, one.message_type, found, None)
    return case


SEEN = (message(), message(day="2026-05-04"))


@pytest.mark.parametrize(
    ("before", "arrives", "is_"),
    [
        pytest.param((), message(), ("accepted", 1), id="an unseen key is new"),
        pytest.param(SEEN, message(day="2026-05-04"), ("duplicate", 2), id="the hash of the current version is an exact re-send"),
        pytest.param(SEEN, message(), ("stale", 2), id="the hash of an older version must not undo the correction"),
        pytest.param(SEEN, message(day="2026-05-05"), ("corrected", 3), id="other content is a correction, also unasked"),
        pytest.param(SEEN, message("correction", day="2026-05-04"), ("duplicate", 2), id="a correction equals the seizure it repeats"),
        pytest.param(SEEN, message(reported_at="2026-05-09T00:00:00Z", day="2026-05-04"), ("duplicate", 2), id="transport is no content"),
        pytest.param(SEEN, message("withdrawal"), ("withdrawn", 3), id="a withdrawal is a version"),
        pytest.param((*SEEN, message("withdrawal")), message("withdrawal"), ("duplicate", 3), id="withdrawn twice is withdrawn once"),
        pytest.param((*SEEN, message("withdrawal")), message("withdrawal", reason="test"), ("duplicate", 3), id="whatever the reason"),
        pytest.param((*SEEN, message("withdrawal")), SEEN[1], ("stale", 3), id="a late re-send does not bring back what was withdrawn"),
        pytest.param((*SEEN, message("withdrawal")), message(day="2026-06-01"), ("corrected", 4), id="new content does"),
    ],
)
def test_what_arrives_beside_what_was(before, arrives, is_):
    found = identify(taken(*before), arrives, canonical(arrives))
    assert (found.outcome, found.version) == is_


@pytest.mark.parametrize(
    ("before", "arrives", "reason"),
    [
        pytest.param((), message("correction"), "unknown_case", id="a correction of nothing"),
        pytest.param((), message("withdrawal"), "unknown_case", id="a withdrawal of nothing"),
        pytest.param(SEEN, message("warning"), "type_conflict", id="a warning under the number of a case"),
        pytest.param((message("warning"),), message(), "type_conflict", id="a case under the number of a warning"),
    ],
)
def test_what_is_refused(before, arrives, reason):
    assert identify(taken(*before), arrives, canonical(arrives)).reason == reason


def test_the_201st_version_is_refused_and_a_re_send_of_the_200th_still_is_a_duplicate():
    many = [
        message(lines=[{"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": n, "unit": "kg"}])
        for n in range(1, MAX_VERSIONS + 2)
    ]
    case = taken(*many[:-1])
    assert identify(case, many[-1], canonical(many[-1])).reason == "too_many_versions"
    assert identify(case, many[-2], canonical(many[-2])).outcome == "duplicate"


def test_a_case_is_read_back_as_it_was_stored():
    case = taken(*SEEN)
    assert Case.from_stored(case.stored()) == case


def test_the_hash_of_format_1_never_changes():
    assert content_hash(canonical(message())) == "1:f4996448f77bd1c9444cb705334b408c"


def test_a_stored_hash_of_an_older_format_is_compared_under_that_format(monkeypatch):
    before = taken(message())
    monkeypatch.setattr(identity, "HASHES", {**identity.HASHES, "2": lambda content: "x" + str(len(content))})
    monkeypatch.setattr(identity, "HASH_FORMAT", "2")
    monkeypatch.setattr("streams.core.intake.identify._TODAY", "2:")
    assert identify(before, message(), canonical(message())).outcome == "duplicate"
    assert same_content(canonical(message()), before.hashes[0])
    assert not same_content(canonical(message()), "9:abc")


def test_an_event_id_is_the_same_for_ever_and_a_uuid_of_version_8():
    event_id = Ids(b"secret").of("VN-CUSTOMS", "1")
    assert event_id == Ids(b"secret").of("VN-CUSTOMS", "1")
    assert uuid.UUID(event_id).version == 8
    assert uuid.UUID(event_id).variant == uuid.RFC_4122
    assert event_id not in {Ids(b"secret").of("VN-CUSTOMS", "2"), Ids(b"secret").of("VN-POLICE", "1"), Ids(b"other").of("VN-CUSTOMS", "1")}


def test_an_invented_event_id_is_told_from_a_genuine_one():
    ids = Ids(b"secret")
    genuine = uuid.UUID(ids.of("VN-CUSTOMS", "1"))
    assert ids.genuine(genuine)
    assert not ids.genuine(uuid.uuid4())
    assert not ids.genuine(uuid.UUID(int=genuine.int ^ 1))
    assert not Ids(b"other").genuine(genuine)
