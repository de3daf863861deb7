"""What a person sees of an alert on a terminal."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from deploy.alerts import History, brief, explained, line
from deploy.cli.demo import strongest
from deploy.sparkline import scale, sparkline
from schemas.alerts import Alert, Explain, Span, State
from schemas.settings import Settings
from sinks.clickhouse.client import Answer

GOOD = Path(__file__).parents[1] / "examples" / "alerts" / "good"
SPIKE, MAJOR = (Alert.model_validate(json.loads((GOOD / name).read_text())) for name in ("spike-open.json", "major.json"))
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


def test_a_line_says_when_which_how_strong_where_how_many_and_against_what():
    said = line(SPIKE, SPANS)
    for part in ("2026-05-", str(SPIKE.alert_id)[:8], SPIKE.tier.value, "SPIKE", SPIKE.series, f"  {SPIKE.observed} (about", "▁▂█"):
        assert part in said
    assert "\n" not in said


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
    assert "expected" not in text.split("The ")[0].replace(MAJOR.sentences.en, "")


def test_an_alert_among_others_says_its_sentence_what_was_expected_and_how_to_learn_more():
    head, *lines = brief(SPIKE, SPANS)
    assert head == SPIKE.sentences.en
    text = "\n".join(lines)
    for part in ("▁▂█", f"observed {SPIKE.observed}, expected {SPIKE.expected:g}", f"mekong alerts explain {str(SPIKE.alert_id)[:8]}"):
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
