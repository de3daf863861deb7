"""Each field of a case stands in the example that has them all, and in the glossary. Columns: tests/contract/test_clickhouse_columns.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mekong.schemas.messages import Line, Seizure

ROOT = Path(__file__).parents[2]
EXAMPLE = json.loads((ROOT / "tests" / "examples" / "in" / "good" / "seizure-all-fields.json").read_text(encoding="utf-8"))
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("field", Seizure.model_fields)
def test_the_example_with_all_fields_has_each(field):
    assert field in EXAMPLE, f"seizure-all-fields.json has no {field}"


@pytest.mark.parametrize("field", Line.model_fields)
def test_a_line_of_the_example_with_all_fields_has_each(field):
    assert any(field in line for line in EXAMPLE["lines"]), f"no line of seizure-all-fields.json has {field}"


@pytest.mark.parametrize("field", [*Seizure.model_fields, *Line.model_fields])
def test_the_glossary_says_onto_what_each_maps(field):
    written = (f"`{field}`", f"`{field}[]", f"`lines[].{field}`")
    assert any(text in GLOSSARY for text in written), f"docs/glossary.md says nothing of `{field}`"
