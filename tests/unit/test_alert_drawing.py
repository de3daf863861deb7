"""What a person sees of an alert on a terminal."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from mekong.deploy.alerts import HEAD, History, brief, explained, line
from mekong.deploy.cli.demo import strongest
from mekong.deploy.numbers import number
from mekong.deploy.sparkline import scale, sparkline
from mekong.schemas.alerts import Alert, Explain, Kind, Span, State
from mekong.schemas.settings import Settings
from mekong.sinks.clickhouse.client import Answer

GOOD = Path(__file__).parents[1] / "examples" / "alerts" / "good"
SPIKE, MAJOR, OVER = (
    Alert.model_validate(json.loads((GOOD / f"{name}.json").read_text())) for name in ("spike-open", "major", "network-cleared")
)
SPANS = [(date(2026, 5, 1), 0), (date(2026, 5, 2), 1), (date(2026, 5, 3), 9)]


@pytest.mark.parametrize(
    ("counts", "drawn"),
    [([], ""), ([0], "▁"), ([0, 0], "▁▁"), ([1, 1], "██"), ([0, 4, 7, 14], "▁▃▅█"), ([0, 1, 100], "▁▁█")],
)
def test_the_highest_count_is_the_tallest_block_and_none_the_lowest(counts, drawn):
    assert sparkline(counts) == drawn


def test_a_scale_shows_observed_expected_and_interval_in_their_order():
    drawing, axis = scale(9, 0.8, 0, 3)
    assert drawing.index("┃") < drawing.rindex("━") < drawing.index("●")
    assert drawing[0] == "━"
    assert len(drawing) == len(axis) == 41
    assert axis.split() == ["0", "9"]


def test_a_scale_without_an_expectation_shows_what_was_observed():
    assert scale(1, None, None, None)[0].strip() == "●"
    assert "●" in scale(0, None, None, None)[0]


def test_a_line_says_when_which_how_strong_where_since_when_how_many_and_against_what():
    said = line(SPIKE, SPANS)
    expected = f"{SPIKE.observed}, about {number(SPIKE.expected)} expected"
    for part in ("2026-05-", str(SPIKE.alert_id)[:8], SPIKE.tier.value, "SPIKE", "VN-CUSTOMS, drug", str(SPIKE.opened), expected, "▁▂█"):
        assert part in said
    assert "\n" not in said


def test_the_columns_of_all_lines_stand_under_their_heads():
    for one in (SPIKE, MAJOR, OVER, SPIKE.model_copy(update={"kind": Kind.RETRO_SPIKE, "state": State.ESCALATED})):
        said = line(one)
        for head, value in (
            ("id", str(one.alert_id)[:8]), ("kind", one.kind.value), ("tier", one.tier.value), ("state", one.state.value),
            ("series", one.agency or "all members"), ("since", str(one.opened)),
        ):  # fmt: skip
            assert said[HEAD.index(head) :].startswith(value)


def test_a_spike_that_is_over_does_not_pass_the_bucket_that_was_usual_again_for_its_height():
    assert "expected" not in line(OVER)
    text = "\n".join(explained(OVER, SPANS))
    assert f"Usual again, {OVER.bucket.start} to {OVER.bucket.end}:" in text
    assert text.index("Usual again") < text.index("● observed")
    assert "bits at its height" in text
    assert "of the days that were usual again:" in text
    silence = explained(OVER.model_copy(update={"kind": Kind.SILENCE}), SPANS)
    assert "usual again" not in "\n".join(silence).lower()


def test_large_numbers_have_thousands():
    large = SPIKE.model_copy(update={"observed": 12_345, "expected": 4_321.0, "smallest": 7_000, "more": 12_000})
    text = "\n".join(explained(large, [(date(2026, 5, 1), 12_345)]))
    for part in ("at most 12,345", "● observed 12,345", "expected 4,321", "7,000", "The 12,0"):
        assert part in text
    assert "12,345, about 4,321 expected" in line(large)


def test_explaining_says_the_sentence_first_and_the_figures_of_the_test_last():
    said = explained(SPIKE, SPANS, "vi")
    assert said[0] == SPIKE.sentences.vi
    text = "\n".join(said)
    assert "▁▂█" in text
    assert f"● observed {SPIKE.observed}" in text
    assert f'mekong sql "{SPIKE.sql}"' in text
    assert text.index("● observed") < text.index("bits")


def test_an_alert_without_a_baseline_is_explained_too():
    text = "\n".join(explained(MAJOR, []))
    assert MAJOR.sentences.en in text
    assert "●" not in text, "there is nothing to hold it against"


def test_an_alert_among_others_says_its_sentence_what_was_expected_and_how_to_learn_more():
    head, *lines = brief(SPIKE, SPANS)
    assert head == SPIKE.sentences.en
    text = "\n".join(lines)
    for part in (
        "▁▂█",
        f"observed {SPIKE.observed}, expected {number(SPIKE.expected)}",
        f"mekong alerts explain {str(SPIKE.alert_id)[:8]}",
    ):
        assert part in text


def test_the_demo_names_each_series_once_the_least_probable_first():
    strong, weak = (SPIKE.model_copy(update={"explain": Explain(bits=bits)}) for bits in (40.0, 20.0))
    other = weak.model_copy(update={"series": "LA-CUSTOMS/fauna"})
    assert strongest([weak, other, strong, MAJOR]) == [strong, other]
    over = strong.model_copy(update={"state": State.CLEARED, "explain": Explain(bits=90.0, p=1e-27)})
    assert strongest([weak, other, strong, over]) == [over, other]
    assert "  by chance less than once in 1,000,000 days" in brief(over, SPANS)


class Closed:
    """ClickHouse, with the buckets of one agency that have closed."""

    def __init__(self, rows):
        self.rows = rows

    def query(self, _sql, *, first, last, **_):
        return Answer(("start", "cases"), [row for row in self.rows if first <= row[0] <= last])

    def value(self, _sql, **_):
        return min(day for day, _ in self.rows)


def drawn(monkeypatch, rows, size, start, end, observed, shown=30):
    monkeypatch.setenv("MEKONG_CLICKHOUSE_URL", "http://user:password@127.0.0.1:1/none")
    history = History(Settings())
    history._database = Closed(rows)
    return history.before(SPIKE.model_copy(update={"bucket": Span(size=size, start=start, end=end), "observed": observed}), shown)


@pytest.mark.parametrize("is_closed", [True, False])
def test_of_two_months_counted_together_each_is_drawn_by_itself(monkeypatch, is_closed):
    rows = [(date(2020, 9, 1), 2244), (date(2020, 10, 1), 1898), *[(date(2020, 11, 1), 1636)] * is_closed]
    assert drawn(monkeypatch, rows, "month", date(2020, 10, 1), date(2020, 11, 30), 3534) == [
        (date(2020, 9, 1), 2244),
        (date(2020, 10, 1), 1898),
        (date(2020, 11, 1), 1636),
    ]


def test_a_drawing_begins_with_what_is_known_and_has_days_without_a_case(monkeypatch):
    rows = [(date(2026, 5, 1), 2), (date(2026, 5, 3), 1)]
    found = drawn(monkeypatch, rows, "day", date(2026, 5, 4), date(2026, 5, 4), 9)
    assert [cases for _, cases in found] == [2, 0, 1, 9]
    weeks = drawn(monkeypatch, rows, "week", date(2026, 5, 4), date(2026, 5, 10), 9)
    assert weeks == [(date(2026, 4, 27), 3), (date(2026, 5, 4), 9)]
    assert len(drawn(monkeypatch, rows, "day", date(2026, 5, 4), date(2026, 5, 4), 9, shown=2)) == 2


def test_the_query_can_be_pasted_into_a_shell():
    sql = "SELECT `a.b`, '$x', \"c\", 'd\\\\e' FROM t"
    line = explained(SPIKE.model_copy(update={"sql": sql}), SPANS)[-1]
    assert subprocess.run(["bash", "-c", line.replace("mekong sql", "printf %s")], capture_output=True, text=True, check=True).stdout == sql
