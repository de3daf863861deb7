"""The registry of detectors is complete, each keeps the contract, and the core of them is pure."""

import ast
import importlib
import pkgutil
from pathlib import Path

import pytest

import streams.core.spikes
from schemas.alerts import Kind, State
from schemas.codes import LANGUAGES
from streams.core.spikes import DETECTORS
from streams.core.spikes.wording import _SENTENCES as SENTENCES

FOLDER = Path(streams.core.spikes.__file__).parent
DOCS = Path(__file__).parents[2] / "docs" / "add-a-detector.md"
MODULES = [name for _, name, _ in pkgutil.iter_modules(streams.core.spikes.__path__)]
WITH_DETECTOR = [name for name in MODULES if hasattr(importlib.import_module(f"streams.core.spikes.{name}"), "DETECTOR")]
IMPURE = {"random", "time", "os", "socket", "requests", "threading", "asyncio", "secrets", "uuid1", "pathlib"}


@pytest.mark.parametrize("name", WITH_DETECTOR)
def test_every_module_with_a_detector_is_registered(name):
    assert importlib.import_module(f"streams.core.spikes.{name}").DETECTOR in DETECTORS


def test_there_is_one_detector_for_each_kind_of_alert_named_as_its_module():
    assert sorted(detector.kind for detector in DETECTORS) == sorted(Kind)
    for name in WITH_DETECTOR:
        kind = importlib.import_module(f"streams.core.spikes.{name}").DETECTOR.kind
        assert name in {kind.value.lower(), kind.value.lower().split("_")[0]}


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.kind)
def test_every_detector_says_what_it_finds_and_stands_in_the_docs(detector):
    assert detector.purpose.endswith(".")
    assert f"`{detector.kind}`" in DOCS.read_text(encoding="utf-8")


def test_every_kind_has_its_sentence_in_all_languages():
    assert {kind for kind, state in SENTENCES if state is State.OPEN} == set(Kind)
    for sentences in SENTENCES.values():
        assert set(sentences) == set(LANGUAGES)


@pytest.mark.parametrize("name", MODULES)
def test_nothing_in_the_core_reads_a_clock_a_file_or_chance(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    imported = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
    assert not imported & IMPURE
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "today()", "utcnow", "default_rng", "uuid4"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_file_is_about_one_thing(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 270


def test_the_notice_of_the_holidays_is_shipped_beside_them():
    assert "MIT" in (FOLDER / "NOTICE-holidays").read_text(encoding="utf-8")
