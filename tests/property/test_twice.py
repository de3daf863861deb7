"""The quick look for a key that stands twice says what the look key by key says."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from mekong.schemas.messages import MESSAGE
from mekong.streams.core.intake.twice import kept_all, key_given_twice, look, lost_nothing

TEXTS = st.text(alphabet='a:"\\ ,{}\u1ea1\n', max_size=4)
SPACES = st.sampled_from(["", " ", "\t", "\n ", "\r"])


def strings() -> st.SearchStrategy[str]:
    """A text as JSON, with or without escapes; also with each character escaped that need not be."""
    escaped = TEXTS.map(lambda text: '"' + "".join(f"\\u{ord(one):04x}" for one in text) + '"')
    return st.builds(lambda text, ascii_: json.dumps(text, ensure_ascii=ascii_), TEXTS, st.booleans()) | escaped


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Objects whose keys may stand twice, with space anywhere."""
    pairs = st.builds(lambda key, before, after, value: f"{key}{before}:{after}{value}", strings(), SPACES, SPACES, values)
    return st.lists(pairs, max_size=4).map(lambda found: "{" + ",".join(found) + "}")


JSON = st.recursive(
    strings() | st.sampled_from(["1", "-2.5e3", "true", "null"]),
    lambda values: objects(values) | st.lists(values, max_size=3).map(lambda found: "[" + ",".join(found) + "]"),
    max_leaves=12,
)


@given(objects(JSON))
@example('{"a":"\\u003a","a":1}')
@example('{"a" :1,"a":1}')
@example('{"a":"x:y","a":":"}')
@example('{"a":{"b":1,"b":2}}')
def test_the_quick_look_says_what_the_look_at_each_key_says(text: str) -> None:
    raw = text.encode()
    assert key_given_twice(raw) == look(raw)


@given(st.dictionaries(st.text(max_size=3), st.text(max_size=5).filter(lambda text: "\\u003" not in json.dumps(text)), max_size=5))
def test_a_message_without_such_a_key_is_not_looked_at_key_by_key(value: dict[str, Any]) -> None:
    whole = {key: one for key, one in value.items() if "\\u003" not in json.dumps([key, one])}
    assert lost_nothing(json.dumps(whole, ensure_ascii=False).encode(errors="replace"))


LINE = {"commodity_group": "drug", "substance_or_taxon": 'Heroin ":', "quantity_kind": "unknown"}
ROUTE = [{"role": "via", "country": "LA"}, {"role": "via", "country": "TH", "confidence": "confirmed"}]
CASE = {
    "message_type": "seizure",
    "agency": "VN-CUSTOMS",
    "case_no": 'a" : b',
    "seized_at": "2026-05-03",
    "operation": None,
    "route": ROUTE,
    "lines": [LINE],
    "suspects": {"count": 1},
    "handling": {"tlp": "TLP:RED"},
    "method_note": ':":',
}


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each key of a message stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in inner for found in ([(*path, key)] if isinstance(value, dict) else []) + paths(one, (*path, key))]


def written(value: Any, space: str, twice: tuple[Any, ...] | None, path: tuple[Any, ...] = ()) -> str:
    """JSON with a space before each colon, and with one key twice."""
    if isinstance(value, list):
        return f"[{','.join(written(one, space, twice, (*path, place)) for place, one in enumerate(value))}]"
    if not isinstance(value, dict):
        return json.dumps(value)
    pairs = [f"{json.dumps(key)}{space}:{written(one, space, twice, (*path, key))}" for key, one in value.items()]
    return "{" + ",".join(pairs + [pair for pair, key in zip(pairs, value, strict=True) if (*path, key) == twice]) + "}"


@given(st.sampled_from(paths(CASE)), SPACES)
def test_a_record_never_says_that_it_has_every_key_when_one_stood_twice(twice: tuple[Any, ...], space: str) -> None:
    raw = written(CASE, space, twice).encode()
    assert not kept_all(raw, MESSAGE.validate_json(raw))
    assert key_given_twice(raw) == twice[-1]


@given(SPACES)
def test_a_message_of_plain_texts_is_not_parsed_again(space: str) -> None:
    plain = {**CASE, "case_no": "a : b", "method_note": "see :", "lines": [{**LINE, "substance_or_taxon": "Heroin:"}]}
    raw = written(plain, space, None).encode()
    assert kept_all(raw, MESSAGE.validate_json(raw))
