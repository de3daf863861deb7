"""Every enrichment is registered, and adds only what a journal entry has a field for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mekong.streams.core.intake import enrich

FOLDER = Path(enrich.__file__).parent
NOT_ENRICHMENTS = {"__init__", "facts"}
ROOT = Path(__file__).parents[2]


def modules() -> list[str]:
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NOT_ENRICHMENTS)


def test_every_file_of_the_folder_is_registered_once():
    registered = [function.__module__.rpartition(".")[2] for function in (*enrich.CASE, *enrich.LINE)]
    assert sorted(registered) == modules()


def test_every_enrichment_stands_in_the_table_of_the_page_on_them():
    page = (ROOT / "docs" / "add-an-enrichment.md").read_text(encoding="utf-8")
    for name in modules():
        assert f"| `{name}.py` |" in page
        assert import_module(f"{enrich.__name__}.{name}").__doc__
