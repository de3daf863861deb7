"""What the gateway says of a message before it is sent is what the fold of intake says of it when its case is new."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mekong.deploy.check.trial import Trial
from mekong.deploy.profiles import profile_of
from mekong.producers.sheets.judged import Said, plain
from mekong.schemas.rejected import Reason, Rejected
from mekong.streams.core.intake.alone import judge
from tests.amount import examples

AGENCY = "VN-CUSTOMS"
NOW_MS = 1_780_000_000_000  # 2026-05-28
PROFILE = profile_of(AGENCY)
SENT = sorted((Path(__file__).resolve().parents[1] / "examples" / "in").glob("*d/*.json"))
WHOLE = [path.read_bytes() for path in SENT if path.parent.name == "good"]
GENUINE = Reason.UNKNOWN_CASE.value
"""Only this needs the stored cases or the secret, when no other case is known."""

WORDS = ["2026-05-03T23:30:00Z", "2026-05-28T20:00:00Z", "2026-05", "2031-01-01", "1999-01-01", "VN", "SU", "QQ", "t", "piece", "kg"]
WORDS += ["Heroin", "herion", "Manis", "1.23457E+15", "900000000", "VN-CUSTOMS", "LA-CUSTOMS", "XX-NOBODY", "passport B1234567"]
FIELDS = {"message_type", "case_no", "seized_at", "reported_at", "revision", "country", "place", "admin1", "lines", "handling", "to"}
FIELDS |= {"related_to", "method_note", "feedback_by", "in_reply_to", "unmapped", "colour", "agency", "transport_mode", "commodity_group"}
FIELDS |= {"unit", "substance_or_taxon", "quantity", "quantity_kind", "purity"}
numbers = st.one_of(st.integers(-2, 10**18), st.floats(allow_nan=False))
whole = st.builds(
    deepcopy,
    st.sampled_from(
        [["XX-NOBODY"], {"release_to": ["XX-NOBODY"]}, [{"scheme": "x", "field": "country", "code": "7"}], [], {}],
    ),
)
odd = st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=12), st.sampled_from(WORDS), st.sampled_from(WORDS), whole)


def places(value):
    """Every object of a message."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from places(one)


@st.composite
def changed(draw):
    """A message of the examples with some of its fields changed, added or taken away."""
    message = json.loads(WHOLE[draw(st.integers(0, len(WHOLE) - 1))])
    message["agency"] = AGENCY
    for _ in range(draw(st.integers(0, 3))):
        objects = list(places(message))
        record = draw(st.sampled_from(objects))
        name = draw(st.sampled_from(sorted({*FIELDS, *record})))
        if draw(st.booleans()):
            record[name] = draw(odd)
        else:
            record.pop(name, None)
    return json.dumps(message).encode()


def damaged(raw_and_cut):
    raw, cut = raw_and_cut
    return raw[: len(raw) - cut] + raw[len(raw) - cut + 1 :]


sent = st.one_of(
    changed(),
    changed(),
    st.tuples(changed(), st.integers(1, 60)).map(damaged),
    st.sampled_from(SENT).map(lambda path: path.read_bytes()),
)


def said_of(found):
    if isinstance(found, Rejected):
        return [Said(rejected=True, code=found.reason.value, field=found.field, sentence=plain(found.field, found.detail))]
    return [Said(rejected=False, code=code, field=field, sentence=plain(field, detail)) for code, field, detail in found]


@given(sent)
@example(b"")
@example(b"\xff")
@example(b'{"message_type":"seizure","message_type":"seizure"}')
@example(b'{"message_type":"warning","agency":"VN-CUSTOMS","case_no":"v\\u1ee5 1","to":["LA-CUSTOMS"],"colour":Infinity}')
@settings(max_examples=examples(3_000), deadline=None)
def test_the_gateway_says_of_a_message_what_the_fold_says_when_its_case_is_new(raw):
    by_the_fold = Trial(NOW_MS).judge(AGENCY, raw)
    whole = said_of(judge(raw, PROFILE, NOW_MS))
    if by_the_fold and by_the_fold[0].code == GENUINE:
        assert GENUINE not in {one.code for one in whole}
    else:
        assert whole == by_the_fold
    quick = judge(raw, PROFILE, NOW_MS, is_whole=False)
    if isinstance(quick, Rejected):
        assert said_of(quick) == whole, "what is refused at the door would be refused inside"
    elif not any(one.rejected for one in whole):
        assert said_of(quick) == whole[: len(quick)]
    else:
        assert whole[0].code == Reason.BAD_QUANTITY, "only its mass, which is not looked up"
