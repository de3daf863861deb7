"""What the benchmarks print: tables, percentiles, how far a process is."""

from __future__ import annotations

from benchmarks.__main__ import DOC, PARTS, write
from benchmarks.latency import spread
from benchmarks.load import records
from benchmarks.messages import AGENCIES
from benchmarks.progress import _upto
from benchmarks.spikes.__main__ import PARTS as SPIKE_PARTS
from benchmarks.spikes.gate import Gate, markdown
from benchmarks.table import table
from mekong.schemas.settings import Settings
from mekong.schemas.topics import agency_of


def test_a_table_pads_its_columns_and_sets_numbers_to_the_right():
    assert table(["what", "ms"], [["p50", "7"], ["p99", "1,200"]]).splitlines() == [
        "| what |    ms |",
        "| ---- | ----: |",
        "| p50  |     7 |",
        "| p99  | 1,200 |",
    ]


def test_percentiles_are_values_that_were_measured_in_milliseconds():
    found = spread([number / 1_000 for number in range(1, 101)])
    assert [round(value) for value in found] == [51, 100, 100]


def test_transaction_markers_do_not_count_as_records():
    offsets, done = [0, 1, 3, 4], [1, 2, 3, 4]  # a marker stands at 2, another behind 4
    assert [_upto(offsets, done, end) for end in (0, 1, 2, 3, 4, 6)] == [0, 1, 2, 2, 3, 4]


def test_the_load_is_every_message_once_and_ticks_in_between_and_behind():
    sent = list(records(Settings(secret="s"), 6_000))
    ticks = [topic for topic, key, _, _ in sent if key is None]
    assert len(sent) - len(ticks) == 6_000
    assert {agency_of(topic) for topic in ticks} == set(AGENCIES)
    assert sent[-1][1] is None
    assert len(ticks) == len(AGENCIES) * 3  # after the first of its two and a bit days, and two behind the last message


def test_every_part_of_the_spike_benchmark_has_its_place_in_the_document(tmp_path):
    doc = tmp_path / "benchmarks.md"
    doc.write_bytes(DOC.read_bytes())
    for name in SPIKE_PARTS:
        write(doc, f"spikes {name}", markdown([Gate("1a", "asked | for", "found | so", held=True), Gate("1", "  ours", "beside")]))
    assert doc.read_text().count("|   1a | asked / for | found / so | yes  |\n\n- ours: beside") == len(SPIKE_PARTS)


def test_every_part_has_its_place_in_the_document(tmp_path):
    doc = tmp_path / "benchmarks.md"
    doc.write_bytes(DOC.read_bytes())
    for name in PARTS:
        write(doc, name, f"figures of {name}")
        write(doc, name, f"newer figures of {name}")
    text = doc.read_text()
    assert [text.count(f"newer figures of {name}") for name in PARTS] == [1] * len(PARTS)
    assert text.count("figures of ") == len(PARTS)
    assert [PARTS[name].title in text for name in PARTS] == [True] * len(PARTS)
